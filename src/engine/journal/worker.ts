import type { Clock } from '../ports/clock.ts';
import { FencedError, type DeploymentStore } from '../ports/deployment-store.ts';
import type { OperatorLog } from '../ports/ports.ts';
import { Rest } from '../rest.ts';
import { LeaseKeeper, type HeldLease } from './lease-keeper.ts';

interface WorkerOptions {
  readonly store: DeploymentStore;
  readonly clock: Clock;
  readonly log: OperatorLog;
  /** Identifies this process for as long as its database session lives. */
  readonly owner: number;
  readonly leaseMs: number;
  /** Deployments led side by side. */
  readonly concurrency: number;
  /** Leads one deployment until it needs no worker any more; rejects when it should be tried again later. */
  readonly lead: (held: HeldLease) => Promise<void>;
}

const pollMs = 1_000;
const retryDelayMs = 2_000;

/** Claims deployments and leads them. Woken by notifications; the poll is the truth. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #keeper: LeaseKeeper;
  readonly #running = new Set<Promise<void>>();
  readonly #rest: Rest;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#keeper = new LeaseKeeper(options);
    this.#rest = new Rest(options.clock);
  }

  /**
   * Something about a deployment ('': any) changed: it may be ready to be claimed, or somebody wants it to end. What is written about one
   * that is led here makes nothing ready, and what is wanted of it is asked for at most a few times a second.
   */
  wake(deploymentId: string): void {
    const led = this.#keeper.holds(deploymentId);
    if (!led) this.#rest.wake();
    if (led || deploymentId === '') this.#keeper.askSoon();
  }

  /** Works until aborted, then waits until every leader has let go. */
  async run(signal: AbortSignal): Promise<void> {
    const beating = this.#keeper.run(signal);
    while (!signal.aborted) {
      const claimed = this.#running.size < this.#options.concurrency && (await this.#claimOne());
      if (!claimed) await this.#rest.take(pollMs, signal);
    }
    await beating;
    await Promise.allSettled(this.#running);
  }

  async #claimOne(): Promise<boolean> {
    const { store, owner, leaseMs, log } = this.#options;
    try {
      const claimedAt = this.#keeper.moment();
      const lease = await store.claim({ owner, leaseMs, leading: this.#keeper.held() });
      if (lease === null) return false;
      const work = this.#lead(this.#keeper.hold(lease, claimedAt));
      this.#running.add(work);
      void work.finally(() => this.#running.delete(work));
      return true;
    } catch (error) {
      log.warn({ error: String(error) }, 'claim failed');
      return false;
    }
  }

  async #lead(held: HeldLease): Promise<void> {
    const { log, store, lead } = this.#options;
    const { lease } = held;
    let delayMs = 0;
    try {
      await lead(held);
    } catch (error) {
      if (!(error instanceof FencedError) && !held.lost.aborted) {
        log.error(
          { deployment: lease.deploymentId, error: describe(error) },
          'leading a deployment failed, to be tried again',
        );
        delayMs = retryDelayMs;
      }
    }
    this.#keeper.drop(lease);
    await store
      .release(lease, delayMs)
      .catch((error: unknown) =>
        log.warn({ error: String(error) }, 'a lease could not be given back and will run out'),
      );
    this.#rest.wake();
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
