/** A moment of a machine, by a clock that runs from its start to its end and that nobody sets. */
export interface Uptime {
  /** Another one after each start of the machine: moments of different boots cannot be compared. */
  readonly boot: string;
  /** Milliseconds since it was started, those in which it slept not counted. */
  readonly ms: number;
}

/** Milliseconds from one moment to a later one; null where the machine was started again in between. */
export function uptimeBetween(from: Uptime, to: Uptime): number | null {
  return from.boot === to.boot ? Math.max(0, to.ms - from.ms) : null;
}
