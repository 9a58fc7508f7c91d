import type { Deployment, Instance } from '../../domain/deployment.ts';
import type { JobType } from '../../domain/job.ts';
import type { Measurements } from '../../domain/measurements.ts';
import type { SlotNumber } from '../../domain/route.ts';
import { describeEntry, type TimelineEntry } from '../../domain/timeline.ts';
import type { HeldLease } from '../journal/lease-keeper.ts';
import type { InstanceLogs } from '../observe/instance-logs.ts';
import type { InstanceWatch } from '../observe/instance-watch.ts';
import type {
  CachedArtifact,
  DeploymentRecord,
  Lease,
  NewInstance,
  SealedCredential,
  Write,
} from '../ports/deployment-store.ts';
import type { OperatorLog, Ports } from '../ports/ports.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import type { Repository } from '../ports/source.ts';
import type { RouteFollower } from '../reconcile/route-follower.ts';
import type { TakeBuildPlace } from './build-places.ts';
import type { ImageKeys } from './image-key.ts';
import { JobLogs } from './job-logs.ts';
import { maskedWrite } from './masked-write.ts';
import { foresee, mergeWrites, withInstances, type Note } from './merge-writes.ts';
import { openConfiguration, type OpenConfiguration } from './open-configuration.ts';
import { ReadAhead } from './read-ahead.ts';
import type { Surroundings } from './surroundings.ts';

/** What the workflows of one process share. */
export interface Workshop {
  readonly ports: Ports;
  readonly log: OperatorLog;
  readonly routes: RouteFollower;
  readonly watch: InstanceWatch;
  readonly instanceLogs: InstanceLogs;
  readonly buildTimeoutMs: number;
  /** What the platform itself shows to builds and nobody may read in a log. */
  readonly secretValues: readonly string[];
  /** On every image that is built, so that it can be told whose it is. */
  readonly imageLabels: Readonly<Record<string, string>>;
  /** Waits for one of the places for builds; the returned function gives it back. */
  readonly takeBuildPlace: TakeBuildPlace;
  /** An observation was opened, or traffic was moved that is observed: whoever observes looks at once. */
  readonly wakeObserver: () => void;
  /** Something fell asleep, or was to wake: whoever listens for its visitors looks at once. */
  readonly wakeSleepKeeper: () => void;
  /** A version was completed that nobody observes: what it uses is read all the same. */
  readonly measureUnobserved: (record: DeploymentRecord) => void;
  /** What the version in a slot was asked in the last 10 minutes, as far as this process knows. */
  readonly requestsPerSecond: (slot: SlotNumber) => number;
  /** Throws `disk_low` where there is too little room to begin a build. */
  readonly requireRoom: (signal: AbortSignal) => Promise<void>;
  /** A deployment was completed: an older one may be no rollback target any more. */
  readonly onCompleted: () => void;
  /** URL at which a host is reached from outside. */
  readonly urlOf: (host: string) => string;
}

/** What is known of a revision before anything is built. */
export interface FoundBuilt {
  /** See `revisionOf`. */
  readonly revision: string;
  readonly keys: ImageKeys;
  readonly cached: CachedArtifact | null;
}

/** One deployment being led: its record as last read, the right to change it, and the way to do so. */
export class DeploymentRun implements AsyncDisposable {
  readonly workshop: Workshop;
  /** What instances were like when this process started them. */
  readonly started = new Map<string, InstanceStatus>();
  /** Instances this process has led through the gate, with the monotonic time at which they passed. */
  readonly passedAt = new Map<string, number>();
  /** Instances this process has told the engine to restart whenever they exit. */
  readonly keptAlive = new Set<string>();
  /** Slots and servers this process has put into the router, as text. */
  readonly inRouter = new Set<string>();
  /** What is to be said with the first instance. */
  planned: TimelineEntry | null = null;
  /** What is to be kept with the switch. */
  measured: Partial<Measurements> = {};
  /** Since when requests wait in the router, on the monotonic clock, as far as this process knows. */
  heldSince: number | null = null;
  /** Since when the router is known to let them wait; never before `heldSince`. */
  heldInRouterSince: number | null = null;
  /** What is around it, looked at before it is asked for. */
  readonly surroundings: ReadAhead<Surroundings>;
  /** What was built from an image key before, looked for before the revision is known for sure. */
  readonly builtBefore: ReadAhead<FoundBuilt>;
  readonly #held: HeldLease;
  readonly #lostOrUnwanted: AbortSignal;
  #logs: JobLogs | null = null;
  #job: JobType | null = null;
  #record: DeploymentRecord;
  #configuration: OpenConfiguration | null = null;
  #noted: Note = {};
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(workshop: Workshop, held: HeldLease, record: DeploymentRecord) {
    this.workshop = workshop;
    this.surroundings = new ReadAhead(workshop.ports.clock);
    this.builtBefore = new ReadAhead(workshop.ports.clock);
    this.#held = held;
    this.#lostOrUnwanted = AbortSignal.any([held.lost, held.unwanted]);
    this.#record = record;
  }

  static async begin(workshop: Workshop, held: HeldLease): Promise<DeploymentRun | null> {
    const record = await workshop.ports.deployments.record(held.lease.deploymentId);
    return record === null ? null : new DeploymentRun(workshop, held, record);
  }

  get ports(): Ports {
    return this.workshop.ports;
  }

  get record(): DeploymentRecord {
    return this.#record;
  }

  get deployment(): Deployment {
    return this.#record.deployment;
  }

  get sealedVariables(): string {
    return this.#record.sealedVariables;
  }

  get sealedCredential(): SealedCredential | null {
    return this.#record.sealedCredential;
  }

  /** Where its code is, as its project may read it. */
  get repository(): Repository {
    const { source, projectId } = this.deployment;
    if (source.kind !== 'git') throw new Error(`a deployment of the kind ${source.kind} has no repository`);
    const host = this.#record.githubAppHost ?? null;
    const app = host === null ? null : ({ kind: 'github-app', host, repository: source.repository } as const);
    return { url: source.repository, project: projectId, credential: this.configuration.credential ?? app };
  }

  get lease(): Lease {
    return this.#held.lease;
  }

  /** For work that a user's wish to end should interrupt; while visitors wait, nobody's wish does. */
  get signal(): AbortSignal {
    if (this.heldSince !== null) return this.leaseSignal;
    return this.#lostOrUnwanted;
  }

  /** For work that must go on although the deployment is unwanted: taking it back. */
  get leaseSignal(): AbortSignal {
    return this.#held.lost;
  }

  /** Called before every side effect. */
  assertHeld(): void {
    this.#held.assertHeld();
  }

  /** Variables of the snapshot, opened, with the masker for their secrets. */
  get configuration(): OpenConfiguration {
    this.#configuration ??= openConfiguration(this.workshop, this);
    return this.#configuration;
  }

  get logs(): JobLogs {
    this.#logs ??= new JobLogs({
      deploymentId: this.deployment.id,
      logs: this.ports.logs,
      mask: this.configuration.mask,
      clock: this.ports.clock,
      log: this.workshop.log,
    });
    return this.#logs;
  }

  /** The job whose work this is now; its log tells what is written to the timeline. */
  beginJob(job: JobType): void {
    this.#job = job;
  }

  /** Known here from now on, and kept with the next write: a commit less. A crash in between loses it, so that it is found out again. */
  note(note: Note): void {
    const masked = maskedWrite(note, this.configuration.mask);
    this.#noted = mergeWrites(this.#noted, masked);
    this.#learn(foresee(this.#record, masked));
    this.#tell(masked);
  }

  /** Writes what was noted, before something that takes its time. */
  async flush(): Promise<void> {
    if (Object.keys(this.#noted).length > 0) await this.commit({});
  }

  /** In one transaction with everything noted before; then the record is read anew. */
  async write(write: Write): Promise<void> {
    await this.#inTurn(async () => {
      await this.#commit(write);
      await this.#read();
    });
  }

  /** As `write`, for those who have something to do that is more urgent than to read the record again: what it can be foreseen to say is known. */
  async commit(write: Write): Promise<void> {
    await this.#inTurn(async () => {
      await this.#commit(write);
      this.#learn(foresee(this.#record, write));
    });
  }

  /** Adds the rows of instances that are to be started; resolves to these, as they are now. Beside `commit`, but not beside `write`. */
  async addInstances(instances: readonly NewInstance[]): Promise<readonly Instance[]> {
    this.assertHeld();
    const rows = await this.ports.deployments.addInstances(this.lease, instances);
    this.#learn(withInstances(this.#record, rows));
    return rows;
  }

  /** null: all are in use. */
  async takeSlot(capacity: number): Promise<SlotNumber | null> {
    return this.#inTurn(async () => {
      this.assertHeld();
      const slot = await this.ports.deployments.takeSlot(this.lease, capacity);
      if (slot !== null) this.#learn({ ...this.#record, slot });
      return slot;
    });
  }

  async reload(): Promise<void> {
    await this.#inTurn(() => this.#read());
  }

  async #commit(write: Write): Promise<void> {
    this.assertHeld();
    if (write.route !== undefined || write.takeOver !== undefined) this.surroundings.forget();
    const masked = maskedWrite(write, this.configuration.mask);
    const noted = this.#noted;
    this.#noted = {};
    try {
      await this.ports.deployments.write(this.lease, mergeWrites(noted, masked));
    } catch (error) {
      // It may be written all the same, and an instance may have gone further by it: what is known of those is found out again.
      const { instances: _forgotten, ...kept } = noted;
      this.#noted = mergeWrites(kept, this.#noted);
      throw error;
    }
    this.#tell(masked);
  }

  async #read(): Promise<void> {
    const record = await this.ports.deployments.record(this.lease.deploymentId);
    if (record === null) throw new Error('the deployment was erased while it was led');
    this.#learn(foresee(record, this.#noted));
  }

  #learn(record: DeploymentRecord): void {
    this.#record = record;
  }

  #tell({ timeline = [] }: Note): void {
    for (const entry of timeline) this.say(describeEntry(entry));
  }

  /** Writes and readings come one after the other, so that an older reading never takes the place of a newer one. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** One line of the platform's own in the log of the present job. */
  say(text: string): void {
    if (this.#job !== null) this.logs.write(this.#job, 'system', text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#logs?.[Symbol.asyncDispose]();
  }
}
