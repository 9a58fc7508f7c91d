import type { Uptime } from '../../domain/uptime.ts';

/** Time, so that it can be virtual. */
export interface Clock {
  /** Epoch milliseconds, for records. May jump. */
  now(): number;
  /** Milliseconds that only go forward, for durations and deadlines. */
  monotonic(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Also tells times that another process of the machine can compare with its own. */
export interface MachineClock extends Clock {
  uptime(): Uptime;
}
