import type { Clock } from './ports/clock.ts';

/** Nobody reads it, and one for all costs less than one with a stack each. */
const wokenUp = new Error('woken up');

/** The pause of a loop that can be told not to wait. */
export class Rest {
  readonly #clock: Clock;
  #woken = false;
  #resting = false;
  #bed: Bed | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the present rest; while nobody rests, the next one is left out. */
  wake(): void {
    this.#woken = true;
    if (!this.#resting) return;
    this.#bed?.woken.abort(wokenUp);
    this.#bed = null;
  }

  /** Does the work, rests, and does it again, until aborted. What the work throws ends it. */
  async between(work: () => Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await work();
      await this.take(ms, signal);
    }
  }

  /** Resolves after so long, when woken, or when aborted. */
  async take(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#woken) {
      if (this.#bed?.signal !== signal) this.#bed = bedFor(signal);
      this.#resting = true;
      // Aborted either way: whoever rests looks for itself what there is to do.
      await this.#clock.sleep(ms, this.#bed.either).catch(() => undefined);
      this.#resting = false;
    }
    this.#woken = false;
  }
}

/** Good for any number of rests, until somebody is woken: most rests end by themselves. */
interface Bed {
  readonly signal: AbortSignal;
  readonly woken: AbortController;
  readonly either: AbortSignal;
}

function bedFor(signal: AbortSignal): Bed {
  const woken = new AbortController();
  return { signal, woken, either: AbortSignal.any([signal, woken.signal]) };
}
