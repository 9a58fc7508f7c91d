import { jobLogName } from '../../domain/deployment.ts';
import type { JobType } from '../../domain/job.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logs, LogWriter, Masker } from '../ports/logs.ts';
import type { OperatorLog } from '../ports/ports.ts';

interface JobLogsOptions {
  readonly deploymentId: string;
  readonly logs: Logs;
  readonly mask: Masker;
  readonly clock: Clock;
  readonly log: OperatorLog;
}

/** The logs of one deployment's jobs while it is led. A log that cannot be written is told to the operator and costs no deployment. */
export class JobLogs implements AsyncDisposable {
  readonly #options: JobLogsOptions;
  readonly #open = new Map<JobType, Promise<LogWriter>>();
  readonly #pending = new Set<Promise<void>>();

  constructor(options: JobLogsOptions) {
    this.#options = options;
  }

  /** Adds one line; lines of one job keep their order. */
  write(job: JobType, stream: 'stdout' | 'stderr' | 'system', text: string): void {
    const line = { at: this.#options.clock.now(), stream, text };
    this.#track(job, async () => (await this.#writer(job)).write(line));
  }

  /** Nothing more will come: followers end. A log that was never written is made, so that they have something to end with. */
  closeSoon(job: JobType): void {
    const writer = this.#writer(job);
    this.#open.delete(job);
    this.#track(job, async () => (await writer)[Symbol.asyncDispose]());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const job of this.#open.keys()) this.closeSoon(job);
    await Promise.all(this.#pending);
  }

  #writer(job: JobType): Promise<LogWriter> {
    const open = this.#open.get(job);
    if (open !== undefined) return open;
    const { logs, deploymentId, mask } = this.#options;
    const opening = logs.open(jobLogName(deploymentId, job), mask);
    this.#open.set(job, opening);
    // One that could not be opened may be tried again with the next line.
    opening.catch(() => this.#open.delete(job));
    return opening;
  }

  #track(job: JobType, work: () => Promise<void>): void {
    const tracked = work()
      .catch((error: unknown) => {
        const { deploymentId, log } = this.#options;
        log.warn({ deployment: deploymentId, job, error: String(error) }, 'a job log could not be written');
      })
      .finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }
}
