import type { DeploymentRecord } from '../ports/deployment-store.ts';
import type { ObservedUseParts } from './observed-use.ts';
import { UseMeter } from './use-meter.ts';

/** The work of the deployment itself is over. */
const firstAfterMs = 5_000;
const secondAfterMs = 10_000;

/** A version that nobody observes is read twice, shortly after it was completed. A process that ends before leaves it unmeasured. */
export class UnobservedUse {
  readonly #parts: ObservedUseParts;
  readonly #measuring = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(parts: ObservedUseParts) {
    this.#parts = parts;
  }

  /** `record`: as it was completed. */
  measure(record: DeploymentRecord): void {
    const { id } = record.deployment;
    if (record.instances.length === 0 || this.#stop.signal.aborted) return;
    const measuring = this.#measure(record)
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted) return;
        this.#parts.log.warn({ deployment: id, error: String(error) }, 'what a version uses could not be kept');
      })
      .finally(() => this.#measuring.delete(measuring));
    this.#measuring.add(measuring);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#measuring);
  }

  async #measure(record: DeploymentRecord): Promise<void> {
    const { clock, observations } = this.#parts;
    const { signal } = this.#stop;
    const meter = new UseMeter(this.#parts, null);
    for (const afterMs of [firstAfterMs, secondAfterMs]) {
      await clock.sleep(afterMs, signal);
      await meter.read(record, signal);
    }
    await observations.measured(record.deployment.id, meter.measured);
  }
}
