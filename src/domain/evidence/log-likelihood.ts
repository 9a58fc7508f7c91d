/**
 * Fisher's noncentral hypergeometric distribution in log space: how the K bad units of a bucket fall on the two versions, given how many
 * units each had and the odds ratio psi between them (new against old). All logarithms are natural.
 * Source: Fog, "Calculation methods for Fisher's noncentral hypergeometric distribution" (2008); values checked against scipy's
 * `nchypergeom_fisher` to 1e-12.
 */

const tableSize = 4096;
const logFactorials = new Float64Array(tableSize);
for (let n = 1; n < tableSize; n += 1) logFactorials[n] = (logFactorials[n - 1] ?? 0) + Math.log(n);

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/** ln n!, from a table, beyond it by Stirling's series (error below 1e-13). `n` is a whole number >= 0. */
function logFactorial(n: number): number {
  if (n < tableSize) return logFactorials[n] ?? 0;
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + halfLogTwoPi + 1 / (12 * x) - 1 / (360 * x ** 3);
}

/** ln C(n, k). */
function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Units and bad units of both versions in one bucket. */
export interface BucketCounts {
  readonly newUnits: number;
  readonly newBad: number;
  readonly oldUnits: number;
  readonly oldBad: number;
}

/**
 * ln P_psi(newBad | newUnits, oldUnits, newBad + oldBad) for each of `logOddsRatios` (ln psi):
 *
 *     P_psi(b1) = C(n1,b1) C(n0,K-b1) psi^b1 / sum over j = max(0,K-n0) … min(K,n1) of C(n1,j) C(n0,K-j) psi^j
 *
 * The coefficients do not depend on psi and are computed once for all of them.
 */
export function logLikelihoods(counts: BucketCounts, logOddsRatios: readonly number[]): number[] {
  const { newUnits, newBad, oldUnits, oldBad } = counts;
  const bad = newBad + oldBad;
  const lowest = Math.max(0, bad - oldUnits);
  const highest = Math.min(bad, newUnits);
  if (lowest === highest) return logOddsRatios.map(() => 0);
  const terms = new Float64Array(highest - lowest + 1);
  for (let j = lowest; j <= highest; j += 1) terms[j - lowest] = logChoose(newUnits, j) + logChoose(oldUnits, bad - j);
  return logOddsRatios.map((logPsi) => logShareOf(terms, lowest, newBad - lowest, logPsi));
}

/** The logarithm of one weighted term's part of their sum; scaled by the largest, so that nothing overflows. */
function logShareOf(terms: Float64Array, lowest: number, index: number, logPsi: number): number {
  let largest = -Infinity;
  for (let i = 0; i < terms.length; i += 1) largest = Math.max(largest, (terms[i] ?? 0) + (lowest + i) * logPsi);
  let sum = 0;
  for (let i = 0; i < terms.length; i += 1) sum += Math.exp((terms[i] ?? 0) + (lowest + i) * logPsi - largest);
  return (terms[index] ?? 0) + (lowest + index) * logPsi - largest - Math.log(sum);
}
