import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { Router } from '../ports/router.ts';
import type { SleepStore } from '../ports/sleep-store.ts';

interface WakeListenerOptions {
  readonly router: Router;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly store: SleepStore;
}

const patienceMs = 500;

/** Hears from the router who waits for what sleeps, and asks for that to be woken. What is lost on the way is told again. */
export class WakeListener {
  readonly #options: WakeListenerOptions;
  #listening: { readonly end: AbortController; readonly done: Promise<void> } | null = null;

  constructor(options: WakeListenerOptions) {
    this.#options = options;
  }

  listenWhile(needed: boolean, signal: AbortSignal): void {
    if (needed === (this.#listening !== null)) return;
    if (this.#listening !== null) {
      this.#listening.end.abort();
      this.#listening = null;
      return;
    }
    const end = new AbortController();
    this.#listening = { end, done: this.#listen(AbortSignal.any([signal, end.signal])) };
  }

  async close(): Promise<void> {
    this.#listening?.end.abort();
    await this.#listening?.done;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { router, clock, log, store } = this.#options;
    while (!signal.aborted) {
      try {
        for await (const hosts of router.awaited(signal)) await store.requestWake(hosts);
      } catch (error) {
        if (!signal.aborted)
          log.warn({ error: String(error) }, 'somebody waits for what sleeps, and was not heard yet');
      }
      if (!signal.aborted) await clock.sleep(patienceMs, signal).catch(() => undefined);
    }
  }
}
