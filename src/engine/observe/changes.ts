import type { Clock } from '../ports/clock.ts';

const pollMs = 1_000;

/** Lets readers wait until something about a deployment may have changed. A missed change costs at most a second: waiting also ends by itself. */
export class Changes {
  readonly #clock: Clock;
  readonly #versions = new Map<string, number>();
  readonly #waiting = new Map<string, Set<AbortController>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** '' means: everything may have. */
  notify(deploymentId: string): void {
    const touched = deploymentId === '' ? [...this.#waiting.keys()] : [deploymentId];
    for (const id of touched) {
      if (this.#waiting.has(id)) this.#versions.set(id, this.version(id) + 1);
      for (const waiter of this.#waiting.get(id) ?? []) waiter.abort();
    }
  }

  version(deploymentId: string): number {
    return this.#versions.get(deploymentId) ?? 0;
  }

  /** Begins to count changes of a deployment; without a watcher nothing is counted. */
  watch(deploymentId: string): Disposable {
    const own = new AbortController();
    const waiting = this.#waiting.get(deploymentId) ?? new Set();
    this.#waiting.set(deploymentId, waiting.add(own));
    return { [Symbol.dispose]: () => this.#leave(deploymentId, own) };
  }

  /** Resolves when the version is no longer `seen`, or after a second. Rejects with the signal's reason when aborted. */
  async wait(deploymentId: string, seen: number, signal: AbortSignal): Promise<void> {
    if (this.version(deploymentId) !== seen) return;
    const woken = new AbortController();
    const waiting = this.#waiting.get(deploymentId) ?? new Set();
    this.#waiting.set(deploymentId, waiting.add(woken));
    try {
      await this.#clock.sleep(pollMs, AbortSignal.any([signal, woken.signal]));
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      this.#leave(deploymentId, woken);
    }
  }

  #leave(deploymentId: string, waiter: AbortController): void {
    const waiting = this.#waiting.get(deploymentId);
    waiting?.delete(waiter);
    if (waiting?.size !== 0) return;
    this.#waiting.delete(deploymentId);
    this.#versions.delete(deploymentId);
  }
}
