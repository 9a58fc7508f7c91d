import { tolerated } from './evidence.ts';
import type { ObservationSettings } from './observation-settings.ts';
import { scaledBaseline } from './suspicion.ts';
import { rateOf, type Tally } from './tally.ts';

/**
 * The lowest error rate (0 to 1) of the new version that `requests` of it would have shown, or null where even failing all of them
 * would not have.
 *
 * Every failed request that falls on the new version multiplies E_all by at most (tolerated w + 1 - w) / (tolerated w), at a share w of the
 * challenge and for the largest odds ratio, which has a weight of 1/4. E_total is at least half of E_all, and the first challenge ends at
 * 2/alpha. With the failures that raise the suspicion:
 *
 *     k = 3 + ln(4 · 2 · 2/alpha) / ln((1.5 w + 1 - w) / (1.5 w))        (10.5 at w = 0.2, alpha = 0.001)
 *
 * so the rate is k / requests; and never below what suspicion asks for, twice the baseline's rate or that plus delta.
 */
export function noticeableRate(requests: number, baseline: Tally, settings: ObservationSettings): number | null {
  const share = settings.challenge.share / 100;
  const perFailure = Math.log((tolerated * share + 1 - share) / (tolerated * share));
  const needed = settings.suspicion.minBad + Math.log((4 * 2 * 2) / settings.alpha) / perFailure;
  if (requests < needed) return null;
  const before = rateOf(scaledBaseline(baseline, settings.suspicion));
  return Math.min(1, Math.max(needed / requests, settings.suspicion.ratio * before, before + settings.suspicion.delta));
}

/** "this deployment saw 180 requests: failures below about 6 % would not have been noticed" */
export function describeNoticeable(requests: number, baseline: Tally, settings: ObservationSettings): string {
  const rate = noticeableRate(requests, baseline, settings);
  const saw = `this deployment saw ${requests} ${requests === 1 ? 'request' : 'requests'}`;
  if (rate === null) return `${saw}: too few to notice any failure by`;
  return `${saw}: failures below about ${rounded(rate * 100)} % would not have been noticed`;
}

/** One digit that means something below 10, whole numbers above. */
function rounded(percentage: number): number {
  return percentage >= 10 ? Math.round(percentage) : Number(percentage.toPrecision(1));
}
