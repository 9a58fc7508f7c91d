import type { Tally } from './tally.ts';

const negligible = 1e-18;
const longestTail = 1e5;

/**
 * P(X >= seen.bad) for `seen.units` requests, when the baseline had `baseline.bad` bad ones: the Gamma-Poisson predictive
 * distribution (negative binomial) with prior shape 0.5. Gelman et al., Bayesian Data Analysis, section 2.6; checked against scipy's `nbinom`.
 */
export function predictiveTail(seen: Tally, baseline: Tally): number {
  if (seen.bad <= 0) return 1;
  const shape = baseline.bad + 0.5;
  const q = seen.units / (baseline.units + seen.units);
  return seen.bad > (shape * q) / (1 - q) ? upperTail(seen.bad, shape, q) : 1 - lowerSum(seen.bad, shape, q);
}

/** Summed upwards from k: exact for the small values that matter. */
function upperTail(k: number, shape: number, q: number): number {
  let log = shape * Math.log1p(-q);
  for (let i = 1; i <= k; i += 1) log += Math.log((shape + i - 1) / i) + Math.log(q);
  let term = Math.exp(log);
  let sum = 0;
  for (let i = k; term > negligible * (sum || 1) || i < k + 5;) {
    sum += term;
    i += 1;
    term *= ((shape + i - 1) / i) * q;
    if (i > k + longestTail) break;
  }
  return Math.min(1, sum);
}

function lowerSum(k: number, shape: number, q: number): number {
  let term = Math.exp(shape * Math.log1p(-q));
  let sum = 0;
  for (let i = 0; i < k; i += 1) {
    sum += term;
    term *= ((shape + i) / (i + 1)) * q;
  }
  return Math.min(1, sum);
}
