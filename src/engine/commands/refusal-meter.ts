import type { Clock } from '../ports/clock.ts';

const quietMs = 10_000;
/** So many at once are told one by one: a mistake in the settings of a provider is seen delivery by delivery. */
const burst = 5;

interface Count {
  /** On the monotonic clock. */
  since: number;
  told: number;
  /** Since something was told last. */
  untold: number;
}

/** Tells which refusals are kept one by one, and how many others such a one stands for. */
export class RefusalMeter {
  readonly #clock: Clock;
  /** By the id of the hook: there are as many as there are hooks. */
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many were not told of since the last one; null: this one is not to be told of either. */
  note(hookId: string): number | null {
    const now = this.#clock.monotonic();
    const count = this.#counts.get(hookId) ?? { since: now, told: 0, untold: 0 };
    this.#counts.set(hookId, count);
    if (now - count.since >= quietMs) Object.assign(count, { since: now, told: 0 });
    if (count.told >= burst) {
      count.untold += 1;
      return null;
    }
    const { untold } = count;
    Object.assign(count, { told: count.told + 1, untold: 0 });
    return untold;
  }
}
