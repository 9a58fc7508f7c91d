import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { DeliveryLimits, PendingDelivery, WebhookStore, WorkedDelivery } from '../ports/webhook-store.ts';
import { Rest } from '../rest.ts';
import { workOnDelivery, type WorkDependencies } from './webhook-work.ts';

export interface ProcessorOptions extends WorkDependencies {
  readonly store: WebhookStore;
  readonly clock: Clock;
  readonly log: OperatorLog;
}

/** Another control plane may have died with one in its hands. */
const pollMs = 2_000;
const pruneEveryMs = 10 * 60_000;

const limits: DeliveryLimits = { days: 30, knownDays: 400, newest: 10_000, newestIgnored: 1_000, newestRefused: 200 };

/** Works on deliveries that are kept, in the order in which they came, one at a time. Whatever was not done when it stops is done later. */
export class WebhookProcessor {
  readonly #options: ProcessorOptions;
  readonly #rest: Rest;
  #pruneAt = 0;

  constructor(options: ProcessorOptions) {
    this.#options = options;
    this.#rest = new Rest(options.clock);
  }

  /** A delivery was kept. */
  wake(): void {
    this.#rest.wake();
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#rest.between(() => this.#pass(signal), pollMs, signal);
  }

  async #pass(signal: AbortSignal): Promise<void> {
    try {
      await this.#workOnAll(signal);
      await this.#prune();
    } catch (error) {
      if (signal.aborted) return;
      this.#options.log.warn({ error: String(error) }, 'webhook deliveries wait, to be tried again');
    }
  }

  async #workOnAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.#options.store.next((delivery) => this.#work(delivery))));
  }

  async #work(delivery: PendingDelivery): Promise<WorkedDelivery> {
    const worked = await workOnDelivery(this.#options, delivery);
    const outcomes = worked.projects.flatMap((project) => project.outcomes.map(({ reason }) => reason));
    const { id, reading } = delivery;
    this.#options.log.info(
      { delivery: id, event: reading.name, outcomes, reason: worked.reason },
      'a webhook was worked on',
    );
    return worked;
  }

  async #prune(): Promise<void> {
    const { store, clock } = this.#options;
    if (clock.monotonic() < this.#pruneAt) return;
    await store.prune(limits);
    this.#pruneAt = clock.monotonic() + pruneEveryMs;
  }
}
