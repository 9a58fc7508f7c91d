import { rateOf, type Tally } from './tally.ts';

/** The version that the deployment replaces. `none`: first deployment. */
export type OldVersion = 'running' | 'stopped' | 'none';

export const fixForwardWindowMs = 5 * 60_000;
const brokenRate = 0.2;

/**
 * The old version is down, or at least 20 % bad over its last 5 min: the deployment is probably the fix, so it is neither sent through a
 * canary nor held back. The test still guards against "even worse", which a shared failure cannot look like.
 */
export function isFixForward(old: OldVersion, last5Minutes: Tally): boolean {
  return old === 'stopped' || (old === 'running' && last5Minutes.units > 0 && rateOf(last5Minutes) >= brokenRate);
}
