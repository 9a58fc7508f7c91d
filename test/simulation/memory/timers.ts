import type { Clock } from '../../../src/engine/ports/clock.ts';

export interface Timer {
  cancel(): void;
}

/** One for all: an error of its own for each would cost more than the timer. */
const notWanted = new Error('not wanted any more');

/** Things that the world does later by itself, whatever becomes of those who caused them. */
export class Timers {
  readonly #clock: Clock;
  readonly #pending = new Set<AbortController>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(ms: number, work: () => void): Timer {
    const cancelled = new AbortController();
    this.#pending.add(cancelled);
    void this.#wait(ms, cancelled.signal).then((isDue) => {
      this.#pending.delete(cancelled);
      return isDue ? work() : undefined;
    });
    return { cancel: () => cancelled.abort(notWanted) };
  }

  async #wait(ms: number, cancelled: AbortSignal): Promise<boolean> {
    try {
      await this.#clock.sleep(ms, cancelled);
    } catch (error) {
      if (!cancelled.aborted) throw error;
    }
    return !cancelled.aborted;
  }

  /** Nothing that was to be done is done any more. */
  end(): void {
    for (const one of this.#pending) one.abort(notWanted);
  }
}
