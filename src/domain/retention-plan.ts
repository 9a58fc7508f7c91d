import type { PastDeployment } from './past-deployment.ts';
import type { ArtifactPlan, Going, Kept } from './retention.ts';
import type { RetentionSettings } from './retention-settings.ts';

/** What would stay and what would go, and why. */
export interface RetentionPlan {
  readonly settings: RetentionSettings;
  readonly artifacts: ArtifactPlan;
  readonly logs: readonly ExpiredLogs[];
  readonly history: readonly PastDeployment[];
  /** There is more than one run removes. */
  readonly more: boolean;
}

export interface ExpiredLogs extends PastDeployment {
  readonly bytes: number;
}

/** What a run did. */
export interface RetentionRun {
  readonly removed: readonly Going[];
  /** What was to go, and is needed after all, or could not be removed. */
  readonly stayed: readonly Pick<Kept, 'artifact' | 'why'>[];
  readonly logs: readonly ExpiredLogs[];
  readonly history: readonly PastDeployment[];
  /** By how much less the layers of all images take, as the engine counts; null where it was not asked or did not say. */
  readonly givenBackBytes: number | null;
  /** There is more to do: the time was over, or it was more than one run removes. */
  readonly more: boolean;
}

/** What is asked for one run, or the plan of one. */
export interface RetentionWishes {
  /** Instead of the setting. */
  readonly budgetBytes?: number;
}
