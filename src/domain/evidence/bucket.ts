import { addTo, noTallies, type Tallies, type Version } from './tally.ts';

/** What a unit is: a client that keeps its version by cookie, a single request, or a synthetic probe. Never mixed in one bucket. */
export const strata = ['client', 'request', 'probe'] as const;
export type Stratum = (typeof strata)[number];

/** Units of one stratum that were counted side by side. Times in ms of the caller's monotonic clock. */
export interface Bucket {
  readonly openedAt: number;
  readonly tallies: Tallies;
  /** Clients that are a unit of this bucket already. Empty for the other strata. */
  readonly clients: readonly string[];
}

/**
 * Few, because failures in a bucket that is still open are no evidence yet, and every stratum has one open. With fewer still there would be
 * too few of the old version beside one of the new to say much (simulated: 6 is as good, 2 is worse than 20).
 */
const fullAt = 8;
const agedMs = 10_000;
const oldestMs = 30_000;

export function openBucket(now: number): Bucket {
  return { openedAt: now, tallies: noTallies, clients: [] };
}

export function addUnits(bucket: Bucket, version: Version, units: number, bad: number): Bucket {
  return { ...bucket, tallies: addTo(bucket.tallies, version, units, bad) };
}

/**
 * Asked before and after every single call, with the time of that call, and after all that was counted together. The answer depends on how many units of each version have come, and on
 * time, never on outcomes, nor on when somebody looks. That keeps the test exact: given to which versions its units went, a bucket's end is
 * fixed before any of its outcomes counts, so that these, given their sum, have the distribution that the evidence assumes, and each
 * bucket's factor is an e-value given all buckets before it. It holds for any size, as long as the size is fixed beforehand. To look into
 * an open bucket and wait for more would not be allowed.
 * A bucket in which only one version has been seen stays open until the other one has; a change of the share closes it all the same.
 */
export function isDue({ tallies, openedAt }: Bucket, now: number): boolean {
  const [newUnits, oldUnits, age] = [tallies.new.units, tallies.old.units, now - openedAt];
  if (newUnits === 0 || oldUnits === 0) return false;
  if (newUnits + oldUnits >= fullAt || age >= oldestMs) return true;
  return age >= agedMs && newUnits > 1 && oldUnits > 1;
}
