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

const fullAt = 20;
const agedMs = 10_000;
const oldestMs = 30_000;

export function openBucket(now: number): Bucket {
  return { openedAt: now, tallies: noTallies, clients: [] };
}

export function addUnits(bucket: Bucket, version: Version, units: number, bad: number): Bucket {
  return { ...bucket, tallies: addTo(bucket.tallies, version, units, bad) };
}

/**
 * Depends on counts and time only, never on outcomes: that keeps the test exact. A bucket in which only one version has been seen stays
 * open until the other one has; a change of the share closes it all the same.
 */
export function isDue({ tallies, openedAt }: Bucket, now: number): boolean {
  const [newUnits, oldUnits, age] = [tallies.new.units, tallies.old.units, now - openedAt];
  if (newUnits === 0 || oldUnits === 0) return false;
  if (newUnits + oldUnits >= fullAt || age >= oldestMs) return true;
  return age >= agedMs && newUnits > 1 && oldUnits > 1;
}
