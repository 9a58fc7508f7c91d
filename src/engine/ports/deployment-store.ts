import type { Uptime } from '../../domain/uptime.ts';
import type { Artifact } from '../../domain/artifact.ts';
import type { AppConfig } from '../../domain/app-config.ts';
import type {
  ConfigurationSnapshot,
  Deployment,
  DeploymentSummary,
  Instance,
  InstancePhase,
  Job,
} from '../../domain/deployment.ts';
import type { DeploymentEvent, DeploymentState } from '../../domain/deployment-state.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { JobStatus, JobType, PlannedJob } from '../../domain/job.ts';
import type { Want } from '../../domain/led-change.ts';
import type { Measurements } from '../../domain/measurements.ts';
import type { QueueFacts } from '../../domain/queue.ts';
import type { HostGuard, RouteTarget, SlotNumber } from '../../domain/route.ts';
import type { CommitInfo } from '../../domain/source.ts';
import type { TimelineEntry } from '../../domain/timeline.ts';
import type { Observation, ObservationView } from '../../domain/observation.ts';
import type { RecordedEntry } from './recorded-entry.ts';

export type { Want } from '../../domain/led-change.ts';

/** The right to lead one deployment, for a while. `epoch` rises with every claim; a write under an older one is refused. */
export interface Lease {
  readonly deploymentId: string;
  readonly environmentId: string;
  readonly epoch: number;
  /** Of the environment: a route written under a lower fence is refused. */
  readonly fence: number;
}

/** How a deployment is to end, once that is decided. From then on it is only taken back. */
export interface Verdict {
  readonly outcome: 'failed' | 'cancelled' | 'stopped';
  readonly code: ErrorCode | null;
  readonly reason: string;
}

/** Thrown by a write whose lease has passed to somebody else. The holder stops at once and silently: the work goes on elsewhere. */
export class FencedError extends Error {
  constructor(deploymentId: string) {
    super(`the lease on deployment ${deploymentId} has passed to another worker`);
    this.name = 'FencedError';
  }
}

/** Everything a step changes, written in one transaction under the lease, with the timeline and the journal. */
export interface Write {
  readonly transition?: DeploymentEvent;
  readonly reason?: string;
  readonly timeline?: readonly TimelineEntry[];
  readonly jobs?: readonly { readonly type: JobType; readonly status: JobStatus; readonly error?: string }[];
  /** Replaces the plan: jobs that have begun stay as they are, of the others those of the plan remain or are added. */
  readonly plan?: readonly PlannedJob[];
  /** What the repository says of itself, and the settings with that merged in (rule 4.3); what `auto` came to. */
  readonly configured?: Partial<Pick<ConfigurationSnapshot, 'appConfig' | 'settings' | 'chosenStrategy'>>;
  readonly commit?: CommitInfo;
  /** Of the image that the source names: `sha256:…`. */
  readonly digest?: string;
  /** Of the directory that was sent: 64 hex digits. */
  readonly tree?: string;
  readonly artifact?: Artifact;
  readonly instances?: readonly InstanceChange[];
  /** null: nobody is to reach the environment any more. */
  readonly route?: RouteTarget | null;
  /** This deployment is now the one that serves. */
  readonly becomesCurrent?: boolean;
  /** Another one serves again: what this one took over is given back. */
  readonly becomesCurrentAgain?: string;
  /** The instances and the slot of another deployment of the environment are now this one's. */
  readonly takeOver?: { readonly deploymentId: string };
  /** Opens this deployment's observation, if it is not open; with `endsInMs` an older one of the environment ends as `superseded`. */
  readonly observation?: OpenedObservation;
  /** Added to what is measured already. */
  readonly measurements?: Partial<Measurements>;
  /** What was wanted has been done. */
  readonly wantDone?: boolean;
  readonly verdict?: Verdict;
  readonly requests?: RequestCount;
  /** Another deployment of the environment that this one brings to its end. */
  readonly retired?: { readonly deploymentId: string; readonly reason: string };
  readonly freeSlotOf?: string;
  readonly journal?: readonly JournalEntry[];
  /** What the router had counted for the environment when the rollout began. */
  readonly counterBaseline?: RequestCount;
}

/** `begun` opens a row, the others close the open row of that step. */
export interface JournalEntry {
  readonly step: string;
  readonly status: 'begun' | 'done' | 'failed';
  readonly error?: string;
}

export interface RequestCount {
  readonly total: number;
  readonly failed: number;
}

export interface InstanceChange {
  readonly id: string;
  readonly phase?: InstancePhase;
  readonly address?: string | null;
  readonly restarts?: number;
  /** ISO 8601. */
  readonly crashedAt?: string | null;
}

export interface OpenedObservation {
  /** The version that served before, where there is one. */
  readonly standbyId: string | null;
  /** From now on; given with the switch. */
  readonly endsInMs?: number;
}

export interface NewInstance {
  readonly id: string;
  readonly process: string;
  readonly ordinal: number;
  readonly port: number;
}

/** The deployment as its workflow sees it. */
export interface DeploymentRecord {
  readonly deployment: Deployment;
  readonly jobs: readonly Job[];
  readonly instances: readonly Instance[];
  readonly slot: SlotNumber | null;
  readonly verdict: Verdict | null;
  readonly want: Want | null;
  /** With `want` `take-back`: how it is to end. */
  readonly wantedVerdict: Verdict | null;
  /** It serves, its observation has passed, and its contract step has not been run to its end (rule 5.8). */
  readonly contractDue: boolean;
  /** Opened configuration values at trigger time and which of them are secret. */
  readonly sealedVariables: string;
  /** What the Git server is shown for the project's repository, as it is set now; null: nothing. */
  readonly sealedCredential: SealedCredential | null;
  /** Where the platform's GitHub App may read repositories, unless it is known not to for this one: `https://github.com`. */
  readonly githubAppHost?: string | null;
  readonly counterBaseline: RequestCount | null;
  /** It is the environment's current deployment: all traffic is its own. */
  readonly serves: boolean;
  /** The version that served before, while this one's observation is open and there is one. */
  readonly standbyId: string | null;
  /** What the observation last said; null while it has said nothing. */
  readonly observed: ObservationView | null;
}

/** What `openCredential` opens, or `openRegistryCredential`. */
export interface SealedCredential {
  readonly id: string;
  readonly sealed: string;
}

/** Errors of all: `database_unavailable`; of writes: `FencedError`, `illegal_transition`. */
export interface DeploymentStore {
  create(input: NewDeploymentRecord): Promise<{ readonly deploymentId: string; readonly replayed: boolean }>;

  /** The next deployment that may be led: abandoned ones first, then pending by priority; null when there is none. */
  claim(request: ClaimRequest): Promise<Lease | null>;
  /** Extends the leases; resolves to those still held, with what is wanted of each. */
  heartbeat(leases: readonly Lease[], leaseMs: number): Promise<ReadonlyMap<string, Want | null>>;
  /** Of those still held, what is wanted of each; extends nothing, and waits for nobody who writes. */
  wanted(leases: readonly Lease[]): Promise<ReadonlyMap<string, Want | null>>;
  /** Gives the lease back, to be claimed again not before `delayMs` from now. */
  release(lease: Lease, delayMs: number): Promise<void>;
  write(lease: Lease, write: Write): Promise<void>;
  /** Adds the rows of instances that are to be started; existing ones are left. Resolves to those of these processes and ordinals, as they are now. */
  addInstances(lease: Lease, instances: readonly NewInstance[]): Promise<readonly Instance[]>;
  /** The lowest free slot, for ever this deployment's; null when all `capacity` are in use. Idempotent. */
  takeSlot(lease: Lease, capacity: number): Promise<SlotNumber | null>;

  record(deploymentId: string): Promise<DeploymentRecord | null>;
  /** The other deployments of the environment that have instances or serve. */
  predecessors(lease: Lease): Promise<readonly DeploymentRecord[]>;
  /** Every deployment of the environment that is not over and not pending, oldest first. */
  alive(environmentId: string): Promise<readonly DeploymentRecord[]>;
  route(environmentId: string): Promise<EnvironmentRoute | null>;
  /** A number higher than that of every route written before, and lower than that of every one written after it is drawn. */
  drawRevision(): Promise<number>;

  /** Cancels at once what is pending; asks the worker of what runs. Errors: `illegal_transition`. */
  requestCancel(deploymentId: string): Promise<void>;
  /** Legal where the state machine says so, and only for what serves or is being rolled out. Errors: `illegal_transition`. */
  requestPause(deploymentId: string, by: string): Promise<void>;
  requestResume(deploymentId: string, by: string): Promise<void>;
  /**
   * Asks for a rollout to be taken back because somebody says so, cancels what waits behind it, and holds auto-deploy, all or nothing. Resolves
   * to false, and changes nothing, when it is no rollout any more, or the version before is not sure to keep running. Errors:
   * `idempotency_mismatch`.
   */
  requestRollback(request: RollbackRequest): Promise<boolean>;
  /** Asks the worker of what is `deploying` or `ready` to take it back; false when it is in no such state. */
  requestTakeBack(deploymentId: string, verdict: Verdict): Promise<boolean>;

  /** What the registry is shown for the project's images, as it is set now; null: nothing. */
  registryCredential(projectId: string, host: string): Promise<SealedCredential | null>;

  /** Image keys: what was built before from the same input. */
  findArtifact(imageKey: string): Promise<CachedArtifact | null>;
  saveArtifact(imageKey: string, projectId: string, cached: CachedArtifact): Promise<void>;
}

/** null target: the environment has no deployment that serves. */
export interface EnvironmentRoute {
  readonly hosts: readonly string[];
  readonly target: RouteTarget | null;
  /** Of previews: what their visitors are asked for. */
  readonly guard: HostGuard | null;
  /** null unless the mode is `held`. */
  readonly held: Held | null;
  /** Of the row that says it: higher than that of every earlier one, of whichever environment. null: there is no row. */
  readonly revision: number | null;
}

/** Since when requests wait, as it was written when they were last told to. */
export interface Held {
  /** So long, by the database's clock, which may have been set since. */
  readonly forMs: number;
  /** Of the machine then; null: it was not written. */
  readonly since: Uptime | null;
}

export interface CachedArtifact {
  readonly artifact: Artifact;
  /** Base image reference → id it had on this machine at the build; null when it was not local. */
  readonly baseImages: Readonly<Record<string, string | null>>;
  /** What the repository says of itself at that tree. */
  readonly appConfig: AppConfig;
}

export interface ClaimRequest {
  /** This process, for as long as its database session lives. */
  readonly owner: number;
  readonly leaseMs: number;
  /** Deployments this process is leading now. */
  readonly leading: readonly string[];
}

export interface NewDeploymentRecord {
  readonly id: string;
  readonly projectId: string;
  readonly environmentId: string;
  readonly kind: Deployment['kind'];
  readonly origin: Deployment['origin'];
  /** Known from the start where nothing is built. */
  readonly artifact: Artifact | null;
  readonly source: Deployment['source'];
  readonly trigger: Deployment['trigger'];
  readonly configuration: Deployment['configuration'];
  readonly sealedVariables: string;
  readonly jobs: readonly Pick<Job, 'type' | 'order' | 'dependsOn' | 'required'>[];
  readonly idempotency: Idempotency | null;
  /** Only one deployment is ever created under this key: a second one is answered with the first. */
  readonly onceKey: string | null;
  /** Set in the same transaction; undefined leaves it. */
  readonly autoDeployHeld?: string;
}

/** The same request under the same key of the same caller is answered once. */
export interface Idempotency {
  readonly key: string;
  readonly tokenId: string;
  readonly requestHash: string;
}

/** Somebody goes back from a rollout to the version that runs beside it. */
export interface RollbackRequest {
  /** The rollout. */
  readonly deploymentId: string;
  /** The version before it. */
  readonly to: { readonly deploymentId: string; readonly number: number };
  readonly by: string;
  readonly idempotency: Idempotency | null;
}

/** Questions of the API and of the reconciler. */
export interface DeploymentQueries {
  /** Id of the deployment with which the same request was answered before; null where it is new. Errors: `idempotency_mismatch`. */
  answered(idempotency: Idempotency): Promise<string | null>;
  byNumber(projectId: string, number: number): Promise<Deployment | null>;
  list(query: {
    readonly projectId: string;
    readonly environmentId?: string;
    readonly state?: DeploymentState;
    readonly before?: number;
    readonly limit: number;
  }): Promise<readonly DeploymentSummary[]>;
  jobs(deploymentId: string): Promise<readonly Job[]>;
  instances(deploymentId: string): Promise<readonly Instance[]>;
  timeline(deploymentId: string, after: number, limit: number): Promise<readonly RecordedEntry[]>;
  /** null where none was ever opened. */
  observation(deploymentId: string): Promise<Observation | null>;
  /** Deployments of the environment that were once completed, newest first: those that one can go back to. */
  served(environmentId: string, limit: number): Promise<readonly Deployment[]>;
  /** The last deployment of the environment whose contract step was begun, however it ended; null where none was (rule 5.8). */
  lastContract(environmentId: string): Promise<Deployment | null>;
  /** Not final, not completed: pending and running, in the order they will be served. `projectId` null: all. */
  queue(projectId: string | null): Promise<readonly Deployment[]>;
  /** Of these deployments, what else is known of why they do not go on; what is missing from the answer has nothing. */
  queueFacts(deploymentIds: readonly string[]): Promise<ReadonlyMap<string, QueueFacts>>;
  /** How many of all other projects wait and run. */
  queueLength(of: { readonly exceptProject: string }): Promise<{ readonly waiting: number; readonly running: number }>;
}

/** What should exist, for the reconciler. */
export interface WorldStore {
  desired(): Promise<DesiredWorld>;
  updateInstances(changes: readonly InstanceChange[]): Promise<void>;
  /** Where nobody has compared versions for so long, not every outcome of a request needs to be told any more. */
  stopTelling(afterMs: number): Promise<void>;
  /** Slots whose deployment is over. */
  freeSlot(deploymentId: string): Promise<void>;
  /** Does the work while the slot cannot change hands; resolves to false, without doing it, if it is not this deployment's any more. */
  whileOwning(
    owner: { readonly deploymentId: string; readonly slot: SlotNumber },
    work: () => Promise<void>,
  ): Promise<boolean>;
  /** Does the work while nobody can take the slot; resolves to false, without doing it, if somebody has. */
  whileFree(slot: SlotNumber, work: () => Promise<void>): Promise<boolean>;
  /** Does the work for those of these instances that are not to run, while none of them can be put to use again. */
  whileStopped(instanceIds: readonly string[], work: (stopped: readonly string[]) => Promise<void>): Promise<void>;
  /** Does the work while the rows of what is being deleted cannot be erased; resolves to false, without doing it, if they are. */
  whileDeleting(deletion: Deletion, work: () => Promise<void>): Promise<boolean>;
  /** Names of all projects, also of those that are being deleted. */
  projectNames(): Promise<readonly string[]>;
  /** Environments and projects marked for deletion. */
  deletions(): Promise<readonly Deletion[]>;
  /** Asks every deployment of it that is not over to end. Resolves to the deployments that still have a worker or wait for one. */
  askToEnd(deletion: Deletion): Promise<number>;
  /** An instance that serves came to an end by itself, at `at` (epoch ms). Resolves to what it is of; null where it is not to run. */
  crashed(instanceId: string, exit: InstanceExit): Promise<ServingInstance | null>;
  /** It is up and well again; nothing happens where it had not crashed. */
  recovered(instanceId: string): Promise<void>;
  /** Marks what serves as stopped. */
  stopServing(deploymentId: string, reason: string): Promise<void>;
  /** What only the project or environment uses, as it is now. */
  leftovers(deletion: Deletion): Promise<Leftovers>;
  /** Removes the rows. */
  erase(deletion: Deletion): Promise<void>;
}

export interface InstanceExit {
  readonly at: number;
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
}

export interface ServingInstance {
  readonly deployment: Deployment;
  readonly instance: Instance;
  readonly slot: SlotNumber | null;
}

export interface DesiredWorld {
  /** Of every environment that is not being deleted. */
  readonly routes: readonly (Omit<EnvironmentRoute, 'held' | 'revision'> & { readonly environmentId: string })[];
  readonly slots: readonly { readonly slot: SlotNumber; readonly deploymentId: string }[];
  /** Every deployment that is not in a final state. */
  readonly deployments: readonly DesiredDeployment[];
}

export interface DesiredDeployment {
  readonly deployment: Deployment;
  /** `serves`: it is the environment's current one. `standby`: in an open observation. `left`: neither, so that it is to be stopped. */
  readonly role: 'serves' | 'standby' | 'left';
  /** As in `DeploymentRecord`. */
  readonly standbyId: string | null;
  readonly slot: SlotNumber | null;
  readonly sealedVariables: string;
  /** Those that have a container. */
  readonly instances: readonly Instance[];
}

export interface Deletion {
  readonly kind: 'project' | 'environment';
  /** Of the project or the environment. */
  readonly id: string;
  readonly projectId: string;
  readonly projectName: string;
  /** null: the whole project. */
  readonly environmentName: string | null;
  /** Ids of all its deployments. */
  readonly deployments: readonly string[];
  readonly hosts: readonly string[];
}

/** Images by id and bundles by hash. */
export interface Leftovers {
  readonly imageIds: readonly string[];
  readonly bundles: readonly string[];
}
