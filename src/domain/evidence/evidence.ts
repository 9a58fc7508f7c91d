import { logLikelihoods } from './log-likelihood.ts';
import { noTallies, rateOf, sumOf, type Tallies } from './tally.ts';

/**
 * Evidence that the new version fails more than the old one, as an e-value that may be looked at after every bucket:
 *
 *     L_psi += ln P_psi(b1) - ln P_theta0(b1)        for each psi
 *     E      = mean over psi of exp(L_psi)
 *
 * P(E ever >= 1/alpha) <= alpha while the true odds ratio is at most theta0 in every bucket, whatever the base rate does (Ville's
 * inequality; the monotone likelihood ratio gives the composite hypothesis). Turner and Grünwald, "Safe sequential testing in
 * stratified count data" (2023); Lindon and Malek, "Anytime-valid inference for multinomial count data" (2022).
 * A plain value: it can be stored as JSON.
 */
export interface Evidence {
  /** One L per alternative, natural logarithm. */
  readonly logRatios: readonly number[];
  /** Everything that was counted since the test began, with or without evidence in it. */
  readonly tallies: Tallies;
}

/** Odds ratios that the test looks for. */
const alternatives = [3, 10, 40, 1000] as const;
/** The odds ratio that is still tolerated. */
export const tolerated = 1.5;

const logOddsRatios = [tolerated, ...alternatives].map((psi) => Math.log(psi));

export const noEvidence: Evidence = { logRatios: alternatives.map(() => 0), tallies: noTallies };

/** A bucket in which nothing or everything failed, or with only one version in it, is counted but carries no evidence. */
export function addBucket(evidence: Evidence, bucket: Tallies): Evidence {
  const tallies = sumOf(evidence.tallies, bucket);
  const [newUnits, oldUnits, bad] = [bucket.new.units, bucket.old.units, bucket.new.bad + bucket.old.bad];
  if (bad === 0 || bad === newUnits + oldUnits || newUnits === 0 || oldUnits === 0)
    return { logRatios: evidence.logRatios, tallies };
  const [base = 0, ...others] = logLikelihoods(
    { newUnits, newBad: bucket.new.bad, oldUnits, oldBad: bucket.old.bad },
    logOddsRatios,
  );
  return { logRatios: evidence.logRatios.map((ratio, index) => ratio + (others[index] ?? 0) - base), tallies };
}

/** ln E. Compare in logs: E itself overflows for a version that goes on failing. */
export function logEvidence({ logRatios }: Evidence): number {
  return logMean(logRatios);
}

/** ln of the mean of exp(values). */
export function logMean(values: readonly number[]): number {
  let largest = -Infinity;
  for (const value of values) if (value > largest) largest = value;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum / values.length);
}

/** How much worse the new version is than the old one, as a difference of rates (-1 to 1), since the test began. */
export function excessOf({ tallies }: Evidence): number {
  return rateOf(tallies.new) - rateOf(tallies.old);
}
