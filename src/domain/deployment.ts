import type { AppConfig } from './app-config.ts';
import type { Artifact } from './artifact.ts';
import type { BuildSettings } from './build-settings.ts';
import type { DeploymentKind } from './deployment-kind.ts';
import type { DeploymentState } from './deployment-state.ts';
import type { EnvironmentSettings, RolloutStrategy } from './environment-settings.ts';
import type { ErrorCode } from './errors.ts';
import type { JobStatus, JobType, PlannedJob } from './job.ts';
import type { Measurements } from './measurements.ts';
import type { RemovedParts } from './past-deployment.ts';
import type { DeploymentSource, Trigger } from './source.ts';

/**
 * What a deployment was given when it was triggered; never changes (rule 2.1), but that the repository's own configuration is merged
 * into the settings, once, when the commit has been read (rule 4.3), and that `auto` becomes a strategy.
 */
export interface ConfigurationSnapshot {
  readonly build: BuildSettings;
  readonly settings: EnvironmentSettings;
  /** What the repository says of itself; nothing until it has been read. */
  readonly appConfig: AppConfig;
  readonly hosts: readonly string[];
  /** What the strategy `auto` came to, decided once, when the rollout began. */
  readonly chosenStrategy?: RolloutStrategy;
}

export interface DeploymentFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The earlier deployment whose artifact is run again, for the kinds that build nothing. */
export type DeploymentOrigin =
  | {
      readonly kind: 'rollback';
      readonly deploymentId: string;
      readonly number: number;
      /** By the evidence (rule 5.6), not by somebody (rule 5.7). */
      readonly automatic: boolean;
      /** The deployment that is taken back. */
      readonly from: { readonly deploymentId: string; readonly number: number } | null;
      /** With the variables of today, not those of then. */
      readonly currentVariables: boolean;
      /** Why, for people; null where nobody said. */
      readonly reason: string | null;
    }
  | {
      readonly kind: 'promote';
      readonly deploymentId: string;
      readonly number: number;
      /** Name of the environment it served in. */
      readonly environment: string;
    };

/** States from which a deployment can be paused, and to which it is resumed. */
export type PausableState = 'deploying' | 'ready' | 'completed';

export interface Deployment {
  readonly id: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly environmentId: string;
  readonly environmentName: string;
  /** 1, 2, 3 … per project. */
  readonly number: number;
  readonly kind: DeploymentKind;
  /** null where nothing that was deployed before is run again. */
  readonly origin: DeploymentOrigin | null;
  readonly state: DeploymentState;
  /** Part of the state: "superseded by #43", "replaced by #44", `gate (last answer 503 …)`. */
  readonly reason: string | null;
  readonly failure: DeploymentFailure | null;
  readonly source: DeploymentSource;
  readonly trigger: Trigger;
  readonly configuration: ConfigurationSnapshot;
  readonly artifact: Artifact | null;
  /** What the router counted from the first instance on until the old version was drained; null before that. */
  readonly requests: { readonly total: number; readonly failed: number } | null;
  readonly measurements: Measurements;
  /** Only while it is paused: where it goes on when it is resumed. */
  readonly pausedFrom: PausableState | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  /** When traffic first reached it. */
  readonly readyAt: string | null;
  /** When it was first `completed`; null: it never was, and nobody can go back to it. */
  readonly completedAt: string | null;
  readonly finishedAt: string | null;
  /** What the retention has removed of it. */
  readonly removed: RemovedParts;
}

/** As it stands in a list. */
export type DeploymentSummary = Omit<Deployment, 'configuration'>;

export interface Job extends PlannedJob {
  readonly status: JobStatus;
  readonly error: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/**
 * Life of one instance: starting → passed → serving → draining → drained → stopped; failed from any before stopped.
 * `stopped` and `failed` have no container any more; their log stays.
 */
export type InstancePhase = 'starting' | 'passed' | 'serving' | 'draining' | 'drained' | 'stopped' | 'failed';

export interface Instance {
  readonly id: string;
  readonly deploymentId: string;
  /** Id of the deployment that started it, under which its log is kept: another one may have taken it over. */
  readonly startedBy: string;
  readonly process: string;
  /** From 1. */
  readonly ordinal: number;
  readonly phase: InstancePhase;
  readonly address: string | null;
  readonly port: number;
  readonly restarts: number;
  /** ISO 8601; since when it is down although it should run; null while it is up. */
  readonly crashedAt: string | null;
}

/** Name of a log, for the log store and the API. */
export function jobLogName(deploymentId: string, job: JobType): string {
  return `deployments/${deploymentId}/${job}`;
}

export function instanceLogName({ startedBy, id }: Pick<Instance, 'startedBy' | 'id'>): string {
  return `deployments/${startedBy}/${id}`;
}
