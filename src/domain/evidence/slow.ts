import { crosses } from './comparison.ts';
import { classify, type RequestOutcome } from './request-outcome.ts';
import type { ObservationState } from './observation-state.ts';
import type { Tally } from './tally.ts';

/** By definition 1 % of the old version's requests take longer than its p99. */
export const slowBaseline: Tally = { units: 5_000, bad: 50 };

/**
 * Whether a request was slow: it took longer than the old version's p99 of its route (ms) over the last hour. Null where that says nothing:
 * a route without p99, an upgrade, one that failed before it could be slow.
 */
export function speedOf(outcome: RequestOutcome, p99Ms: number | undefined): boolean | null {
  if (p99Ms === undefined || outcome.upgrade) return null;
  if (outcome.termination === 'stalled') return true;
  return classify(outcome) === 'good' ? outcome.durationMs > p99Ms : null;
}

/**
 * The second, separate instance of the test. By default it holds a canary at its share and alerts; it rolls back only where the settings
 * ask for it. `logThreshold` as for errors.
 */
export function isProvenSlow(state: ObservationState, logThreshold: number): boolean {
  if (state.settings.slow.action === 'off' || state.slowAccepted) return false;
  return crosses(state.speed, logThreshold, state.settings.delta);
}
