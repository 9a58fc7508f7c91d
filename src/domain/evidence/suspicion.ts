import { countWithin, type RecentCounts } from './recent-counts.ts';
import { predictiveTail } from './predictive-tail.ts';
import { rateOf, type Tally } from './tally.ts';

/** What the new version did in the window that looked wrong. */
export interface Suspicion {
  readonly windowMs: number;
  readonly seen: Tally;
}

export interface SuspicionRule {
  readonly windowsMs: readonly number[];
  readonly minBad: number;
  /** Times the baseline's rate. */
  readonly ratio: number;
  /** And the baseline's rate plus this. */
  readonly delta: number;
  /** The probability below which chance is no explanation. */
  readonly tail: number;
  /** A larger baseline is scaled down to this, so that it does not claim to know a changing rate exactly. */
  readonly baselineUnits: number;
}

export const defaultSuspicionRule: SuspicionRule = {
  windowsMs: [1_000, 10_000, 60_000, 300_000],
  minBad: 3,
  ratio: 2,
  delta: 0.002,
  tail: 1e-4,
  baselineUnits: 5_000,
};

/** Scales down, never up. */
export function scaledBaseline(baseline: Tally, rule: SuspicionRule): Tally {
  if (baseline.units <= rule.baselineUnits) return baseline;
  return { units: rule.baselineUnits, bad: (baseline.bad * rule.baselineUnits) / baseline.units };
}

/**
 * Whether the new version, which has all the traffic, fails more than the old one did in its last hour. Its windows are looked at all
 * the time, so it is often wrong: it may only start a challenge. Null: nothing to suspect.
 */
export function suspect(recent: RecentCounts, baseline: Tally, rule: SuspicionRule, now: number): Suspicion | null {
  const expected = scaledBaseline(baseline, rule);
  const worst = Math.max(rule.ratio * rateOf(expected), rateOf(expected) + rule.delta);
  for (const windowMs of rule.windowsMs) {
    const seen = countWithin(recent, windowMs, now);
    if (seen.bad < rule.minBad || rateOf(seen) < worst) continue;
    if (predictiveTail(seen, expected) < rule.tail) return { windowMs, seen };
  }
  return null;
}
