import type { Deployment, Job } from '../../../../src/domain/deployment.ts';
import type { ObservationOutcome, ObservationView } from '../../../../src/domain/observation.ts';
import type { Environment, Project } from '../../../../src/domain/project.ts';
import type { RouteTarget, SlotNumber } from '../../../../src/domain/route.ts';
import type {
  NewCredentialRecord,
  NewRegistryRecord,
  NewTokenRecord,
  StoredVariable,
  VariableScope,
} from '../../../../src/engine/ports/configuration-store.ts';
import type {
  CachedArtifact,
  JournalEntry,
  RequestCount,
  Verdict,
  Want,
} from '../../../../src/engine/ports/deployment-store.ts';

// What the domain knows is kept as the domain has it, and handed out as it is. Times that are compared are epoch milliseconds.

export interface ProjectRow {
  readonly project: Project;
  /** Highest deployment number given. */
  readonly lastNumber: number;
  readonly deleting: boolean;
}

export interface EnvironmentRow {
  readonly environment: Environment;
  /** The highest number ever given to a deployment of it. */
  readonly fence: number;
  readonly deleting: boolean;
}

export interface DeploymentRow {
  readonly deployment: Deployment;
  /** By position. */
  readonly jobs: readonly Job[];
  readonly sealedVariables: string;
  readonly onceKey: string | null;
  readonly production: boolean;
  /** In the order in which they were made: one after the other also within a millisecond. */
  readonly serial: number;
  readonly createdAt: number;
  readonly counterBaseline: RequestCount | null;
  readonly verdict: Verdict | null;
  readonly want: Want | null;
  readonly wantedBy: string | null;
  readonly wantedVerdict: Verdict | null;
  /** Somebody leads, or is to lead again, what is completed or paused, to do what is wanted of it. */
  readonly acting: boolean;
  readonly fence: number | null;
  readonly epoch: number;
  readonly leaseOwner: number | null;
  readonly leaseUntil: number | null;
  readonly notBefore: number;
}

export interface StepRow {
  readonly name: string;
  readonly epoch: number;
  readonly status: JournalEntry['status'];
  readonly error: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface SlotRow {
  readonly number: SlotNumber;
  readonly deploymentId: string;
}

export interface RouteRow {
  /** Of the deployment that wrote it; a lower one cannot overwrite it. */
  readonly fence: number;
  readonly target: RouteTarget;
  readonly revision: number;
  /** Since it last served, how often it did not wake, and when the last time was. */
  readonly wakesFailed?: number;
  readonly wakeFailedAt?: number;
}

export interface ArtifactRow {
  readonly cached: CachedArtifact;
  readonly projectId: string;
}

export interface ObservationRow {
  readonly deploymentId: string;
  readonly environmentId: string;
  readonly standbyId: string | null;
  readonly openedAt: number;
  readonly switchedAt: number | null;
  readonly endsAt: number | null;
  readonly closedAt: number | null;
  readonly outcome: ObservationOutcome | null;
  readonly message: string | null;
  readonly view: ObservationView | null;
  readonly owner: number | null;
  readonly leaseUntil: number | null;
}

export interface IdempotencyRow {
  readonly requestHash: string;
  readonly deploymentId: string;
}

export interface VariableRow {
  readonly scope: VariableScope;
  readonly variable: StoredVariable;
}

export interface CredentialRow extends NewCredentialRecord {
  readonly setAt: string;
}

export interface RegistryRow extends NewRegistryRecord {
  readonly projectId: string;
  readonly setAt: string;
}

export interface TokenRow extends NewTokenRecord {
  readonly projectId: string | null;
  readonly environments: readonly string[] | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revoked: boolean;
}
