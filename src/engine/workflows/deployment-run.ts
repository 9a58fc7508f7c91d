import type { Deployment } from '../../domain/deployment.ts';
import type { JobType } from '../../domain/job.ts';
import { describeEntry } from '../../domain/timeline.ts';
import type { HeldLease } from '../journal/lease-keeper.ts';
import type { InstanceLogs } from '../observe/instance-logs.ts';
import type { InstanceWatch } from '../observe/instance-watch.ts';
import type { DeploymentRecord, Lease, Write } from '../ports/deployment-store.ts';
import type { OperatorLog, Ports } from '../ports/ports.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import type { RouteFollower } from '../reconcile/route-follower.ts';
import type { TakeBuildPlace } from './build-places.ts';
import { JobLogs } from './job-logs.ts';
import { maskedWrite } from './masked-write.ts';
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
  readonly takeBuildPlace: TakeBuildPlace;
  /** URL at which a host is reached from outside. */
  readonly urlOf: (host: string) => string;
}

/** One deployment being led: its record as last read, the right to change it, and the way to do so. */
export class DeploymentRun implements AsyncDisposable {
  readonly workshop: Workshop;
  /** What instances were like when this process started them. */
  readonly started = new Map<string, InstanceStatus>();
  readonly #held: HeldLease;
  #logs: JobLogs | null = null;
  #job: JobType | null = null;
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

  /** Called before every side effect. */
  assertHeld(): void {
    this.#held.assertHeld();
  }

  /** Variables of the snapshot, opened, with the masker for their secrets. */
  get configuration(): OpenConfiguration {
    this.#configuration ??= openConfiguration(this.workshop, this.#record);
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

  async write(write: Write): Promise<void> {
    this.assertHeld();
    const masked = maskedWrite(write, this.configuration.mask);
    await this.ports.deployments.write(this.lease, masked);
    for (const entry of masked.timeline ?? []) this.say(describeEntry(entry));
    await this.reload();
  }

  async reload(): Promise<void> {
    const record = await this.ports.deployments.record(this.lease.deploymentId);
    if (record === null) throw new Error('the deployment was erased while it was led');
    // What instances are told names the commit, which is not known at first.
    if (record.deployment.source.commit?.sha !== this.deployment.source.commit?.sha) this.#configuration = null;
    this.#record = record;
  }

  /** One line of the platform's own in the log of the present job. */
  say(text: string): void {
    if (this.#job !== null) this.logs.write(this.#job, 'system', text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#logs?.[Symbol.asyncDispose]();
  }
}
