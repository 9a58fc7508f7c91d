import { rateOf, type Tally } from './tally.ts';

/** How long the old version is watched after it has taken over again. */
export const verificationMs = 60_000;
const shareOfNewRate = 0.5;

export type RollbackVerdict = 'confirmed' | 'incident-not-this-version';

/**
 * After a rollback: if the old version now fails at least half as often as the new one did (`newRate`, 0 to 1), it was an incident and not
 * the version; then promoting it again is offered. A rollback without failed requests (a crash loop) has nothing to compare with.
 */
export function verifyRollback(newRate: number, oldAfterwards: Tally): RollbackVerdict {
  const failsAsWell = oldAfterwards.bad > 0 && rateOf(oldAfterwards) >= shareOfNewRate * newRate;
  return newRate > 0 && failsAsWell ? 'incident-not-this-version' : 'confirmed';
}
