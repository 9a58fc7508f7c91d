import type { Artifact } from '../../domain/artifact.ts';
import type { ArtifactUse, StoredArtifact } from '../../domain/retention.ts';
import type { PastDeployment, RecordKind } from '../../domain/past-deployment.ts';
import type { RetentionSettings } from '../../domain/retention-settings.ts';

/** What the database knows of artifacts, logs and histories, and of their end. Error of all: `database_unavailable`. */
export interface RetentionStore {
  /** The defaults where nothing was ever set. */
  settings(): Promise<RetentionSettings>;
  /** `change` gets them as they are, and nobody changes them in between; what it throws is thrown. */
  updateSettings(change: (current: RetentionSettings) => RetentionSettings): Promise<RetentionSettings>;

  /** Who uses these, as it is now. What was completed since is counted up to `countTo`, and no further. */
  facts(artifacts: readonly ArtifactKey[], countTo: number): Promise<ReadonlyMap<string, ArtifactFacts>>;
  /** From now on no build is answered with this artifact. Resolves to the facts as they are after that. */
  condemn(artifact: ArtifactKey, countTo: number): Promise<ArtifactFacts>;
  /** Ids of all artifacts that deployments are said to be able to run. Read it before looking at what there is. */
  expected(): Promise<readonly string[]>;
  /** Says of every deployment of these that it cannot run any more, and forgets their builds. */
  markGone(ids: readonly string[]): Promise<void>;
  /** Says of every deployment of these that it can. */
  markPresent(ids: readonly string[]): Promise<void>;

  /**
   * Deployments that are over, ended before `before` (epoch ms) and still have it, by id from `after` on. Newer ones of their environment
   * are counted up to `countTo`, and no further.
   */
  past(kind: RecordKind, page: PastQuery): Promise<PastPage>;
  markLogsRemoved(deploymentId: string): Promise<void>;
  /** Removes timeline, journal and measurements; the deployment with its state, reason and jobs stays. */
  removeHistory(deploymentId: string): Promise<void>;
}

export interface ArtifactKey {
  readonly type: Artifact['type'];
  readonly id: string;
  /** The one that its label names as its maker. */
  readonly deploymentId: string | null;
}

export interface ArtifactFacts extends Pick<StoredArtifact, 'lastUsedAt' | 'awaitedBy'> {
  /** As it was when it was made; null where nothing is known of it. */
  readonly sizeBytes: number | null;
  readonly uses: readonly ArtifactUse[];
}

export interface PastQuery {
  readonly before: number;
  readonly after: string | null;
  readonly countTo: number;
}

export interface PastPage {
  readonly deployments: readonly PastDeployment[];
  /** null: there are no more. */
  readonly next: string | null;
}
