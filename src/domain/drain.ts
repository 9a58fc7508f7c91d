/**
 * Drain (rule 5.4): nothing new is sent; what is in flight may finish until the timeout; what is left then is closed one
 * by one over a fifth of the timeout, so that clients do not all come back at once. Times in milliseconds.
 */
export interface DrainProgress {
  readonly sinceStartMs: number;
  readonly open: number;
  /** How many sessions were open when closing began; null before that. */
  readonly openAtDeadline: number | null;
}

export type DrainAction =
  | { readonly type: 'wait'; readonly delayMs: number }
  /** Close this many sessions now. */
  | { readonly type: 'close'; readonly count: number }
  | { readonly type: 'done' };

const pollMs = 100;

export function nextDrainAction(progress: DrainProgress, drainTimeoutMs: number): DrainAction {
  if (progress.open === 0) return { type: 'done' };
  const late = progress.sinceStartMs - drainTimeoutMs;
  if (late < 0) return { type: 'wait', delayMs: Math.min(pollMs, -late) };
  const spreadMs = drainTimeoutMs / 5;
  const total = Math.max(progress.openAtDeadline ?? progress.open, progress.open);
  const shouldRemain = spreadMs === 0 ? 0 : Math.floor(total * Math.max(0, 1 - late / spreadMs));
  const count = progress.open - shouldRemain;
  return count > 0 ? { type: 'close', count } : { type: 'wait', delayMs: pollMs };
}
