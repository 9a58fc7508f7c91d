import type { Deployment } from '../../domain/deployment.ts';
import { jobLogName } from '../../domain/deployment.ts';
import type { JobType } from '../../domain/job.ts';
import type { HeldLease } from '../journal/lease-keeper.ts';
import type { InstanceLogs } from '../observe/instance-logs.ts';
import type { InstanceWatch } from '../observe/instance-watch.ts';
import type { DeploymentRecord, Lease, Write } from '../ports/deployment-store.ts';
import type { LogWriter } from '../ports/logs.ts';
import type { OperatorLog, Ports } from '../ports/ports.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import type { RouteFollower } from '../reconcile/route-follower.ts';
import { openConfiguration, type OpenConfiguration } from './open-configuration.ts';

/** What the workflows of one process share. */
export interface Workshop {
  readonly ports: Ports;
  readonly log: OperatorLog;
  readonly routes: RouteFollower;
  readonly watch: InstanceWatch;
  readonly instanceLogs: InstanceLogs;
  readonly buildTimeoutMs: number;
  /** On every image that is built, so that it can be told whose it is. */
  readonly imageLabels: Readonly<Record<string, string>>;
  /** Waits for one of the places for builds; the returned function gives it back. */
  readonly takeBuildPlace: (signal: AbortSignal) => Promise<() => void>;
}

/** One deployment being led: its record as last read, the right to change it, and the way to do so. */
export class DeploymentRun implements AsyncDisposable {
  readonly workshop: Workshop;
  /** What instances were like when this process started them. */
  readonly started = new Map<string, InstanceStatus>();
  readonly #held: HeldLease;
  readonly #logs = new Map<JobType, Promise<LogWriter>>();
  readonly #closing: Promise<void>[] = [];
  #record: DeploymentRecord;
  #configuration: OpenConfiguration | null = null;

  private constructor(workshop: Workshop, held: HeldLease, record: DeploymentRecord) {
    this.workshop = workshop;
    this.#held = held;
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

  get lease(): Lease {
    return this.#held.lease;
  }

  /** For work that a user's wish to end should interrupt. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#held.lost, this.#held.unwanted]);
  }

  /** For work that must go on although the deployment is unwanted: taking it back. */
  get leaseSignal(): AbortSignal {
    return this.#held.lost;
  }

  get isUnwanted(): boolean {
    return this.#held.unwanted.aborted;
  }

  /** Called before every side effect. */
  assertHeld(): void {
    this.#held.assertHeld();
  }

  /** Variables of the snapshot, opened, with the masker for their secrets. */
  get configuration(): OpenConfiguration {
    this.#configuration ??= openConfiguration(this.ports.secretBox, this.#record);
    return this.#configuration;
  }

  async write(write: Write): Promise<void> {
    this.assertHeld();
    await this.ports.deployments.write(this.lease, write);
    await this.reload();
  }

  async reload(): Promise<void> {
    const record = await this.ports.deployments.record(this.lease.deploymentId);
    if (record === null) throw new Error('the deployment was erased while it was led');
    this.#record = record;
  }

  /** Writes one line of the platform's own into a job's log. */
  async say(job: JobType, text: string): Promise<void> {
    await this.line(job, 'system', text);
  }

  async line(job: JobType, stream: 'stdout' | 'stderr' | 'system', text: string): Promise<void> {
    const writer = await this.#jobLog(job);
    await writer.write({ at: this.ports.clock.now(), stream, text });
  }

  /** The same for producers that cannot wait; a log that cannot be written is told to the operator and costs no deployment. */
  emit(job: JobType, stream: 'stdout' | 'stderr' | 'system', text: string): void {
    this.line(job, stream, text).catch((error: unknown) =>
      this.workshop.log.warn({ deployment: this.deployment.id, job, error: String(error) }, 'a log line was lost'),
    );
  }

  /** Closes the job's log, so that followers end, while the next step begins. */
  closeLogSoon(job: JobType): void {
    const writer = this.#logs.get(job);
    this.#logs.delete(job);
    if (writer !== undefined) this.#closing.push(this.#close(job, writer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const job of this.#logs.keys()) this.closeLogSoon(job);
    await Promise.all(this.#closing);
  }

  async #close(job: JobType, writer: Promise<LogWriter>): Promise<void> {
    try {
      await (await writer)[Symbol.asyncDispose]();
    } catch (error) {
      this.workshop.log.warn(
        { deployment: this.deployment.id, job, error: String(error) },
        'the end of a job log was lost',
      );
    }
  }

  #jobLog(job: JobType): Promise<LogWriter> {
    const open = this.#logs.get(job);
    if (open !== undefined) return open;
    const opening = this.ports.logs.open(jobLogName(this.deployment.id, job), this.configuration.mask);
    this.#logs.set(job, opening);
    return opening;
  }
}
