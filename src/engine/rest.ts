import type { Clock } from './ports/clock.ts';

/** The pause of a loop that can be told not to wait. */
export class Rest {
  readonly #clock: Clock;
  #woken = false;
  #interrupt: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the present rest; while nobody rests, the next one is left out. */
  wake(): void {
    this.#woken = true;
    this.#interrupt();
  }

  /** Resolves after so long, when woken, or when aborted. */
  async take(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#interrupt = () => woken.abort();
    if (!this.#woken) {
      // Aborted either way: whoever rests looks for itself what there is to do.
      await this.#clock.sleep(ms, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
    }
    this.#woken = false;
  }
}
