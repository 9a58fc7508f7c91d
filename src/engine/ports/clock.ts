/** Time, so that it can be virtual. */
export interface Clock {
  /** Epoch milliseconds, for records. May jump. */
  now(): number;
  /** Milliseconds that only go forward, for durations and deadlines. */
  monotonic(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
