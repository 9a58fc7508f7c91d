import type { Suspicion } from './suspicion.ts';
import { rateOf, type Tallies, type Tally } from './tally.ts';

/**
 * (a) An incident that both versions share, by what was counted since the challenge began: enough failures on the old version, and
 * either it fails at least half as often while the evidence has turned against the suspicion, or nearly as often while there is none.
 */
export function isShared(tallies: Tallies, logEvidence: number): boolean {
  const [fresh, old] = [rateOf(tallies.new), rateOf(tallies.old)];
  if (tallies.old.bad < 5) return false;
  if (old >= 0.5 * fresh && logEvidence < Math.log(0.1)) return true;
  return tallies.new.bad >= 5 && old >= 0.8 * fresh && logEvidence < Math.log(2);
}

const enoughExpected = 8;
const confidence = 1.645;

/**
 * The rate that is to be ruled out before the suspicion is dropped: the lower 95 % bound of what was seen (normal approximation of a
 * Poisson count), at least the baseline's rate plus delta.
 */
export function suspectedRate({ seen }: Suspicion, baseline: Tally, delta: number): number {
  const lower = (seen.bad - confidence * Math.sqrt(seen.bad)) / seen.units;
  return Math.max(rateOf(baseline) + delta, lower);
}

/** The new version's units since the challenge began, second by second, newest last, as far back as they are needed. */
export type LatestUnits = readonly Tally[];

/** Keeps as many of the last seconds as make at least 8 bad ones expected at the suspected rate. */
export function latestUnits(latest: LatestUnits, second: Tally, suspected: number): LatestUnits {
  const all = [...latest, second];
  let units = all.reduce((sum, one) => sum + one.units, 0);
  let first = 0;
  for (; first < all.length; first += 1) {
    units -= all[first]?.units ?? 0;
    if (units * suspected < enoughExpected) break;
  }
  return first === 0 ? all : all.slice(first);
}

/** (b) The blip is over: in the last seconds at least 8 were expected to be bad, and at most a quarter of that many were. */
export function isOver(latest: LatestUnits, suspected: number): boolean {
  const units = latest.reduce((sum, one) => sum + one.units, 0);
  const bad = latest.reduce((sum, one) => sum + one.bad, 0);
  return units * suspected >= enoughExpected && bad <= 0.25 * units * suspected;
}
