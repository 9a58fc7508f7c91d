/**
 * Drain (rule 5.4): nothing new is sent; what is in flight may finish until the timeout; what is left then is closed one
 * by one, the last a fifth of the timeout after the first, so that clients do not all come back at once. Times in milliseconds.
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
const roundingSlack = 1e-9;
const lastResortMs = 5_000;

export function nextDrainAction(progress: DrainProgress, drainTimeoutMs: number): DrainAction {
  if (progress.open === 0) return { type: 'done' };
  const late = progress.sinceStartMs - drainTimeoutMs;
  if (late < 0) return { type: 'wait', delayMs: Math.min(pollMs, -late) };
  const spreadMs = drainTimeoutMs / 5;
  // What does not go when it is closed goes with its server.
  if (late > spreadMs + lastResortMs) return { type: 'done' };
  if (spreadMs === 0) return { type: 'close', count: progress.open };
  const total = Math.max(progress.openAtDeadline ?? progress.open, progress.open);
  const closed = total - progress.open;
  const due = Math.min(total, 1 + Math.floor((late / spreadMs) * (total - 1) + roundingSlack));
  if (due > closed) return { type: 'close', count: due - closed };
  const nextIsDueInMs = (closed * spreadMs) / Math.max(1, total - 1) - late;
  return { type: 'wait', delayMs: Math.min(pollMs, Math.max(1, nextIsDueInMs)) };
}
