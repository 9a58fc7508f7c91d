/**
 * What the time that requests may wait in the router (`recreate`, rule 5.2) is divided into, as parts of it: the requests in flight
 * finish, the old version stops, the new one starts and passes, and where it does not, it leaves and the old one comes back.
 */
export const holdParts = {
  /** What requests in flight have to finish; also how long a worker without a check must stay up meanwhile. */
  finish: 1 / 6,
  /** By when the old version is stopped. */
  stopped: 1 / 2,
  /** What the old version has to stop whatever else has taken the time. */
  leastStop: 1 / 10,
  /** By when the new version has passed. */
  passed: 2 / 3,
  /** What a new version that did not pass in time has to end. */
  leave: 1 / 10,
  /** By when the old version is back. */
  returned: 19 / 20,
  /** What the old version has to come back, however long requests are said to have waited: those that wait now may have come just now. */
  leastReturn: 1 / 10,
  /** The same where it has several instances: let go to those that do not listen yet, requests fail, while for a single one the router waits (rule 5.5). */
  leastReturnOfSeveral: 1 / 2,
} as const;

/**
 * Milliseconds between SIGTERM and SIGKILL for a version that stops while requests wait: its own stop grace, as far as what is left of the
 * hold allows, so that the new one can still start and pass. `heldMs`: how long they have been waiting.
 */
export function graceWithinHold(stopGraceMs: number, holdTimeoutMs: number, heldMs: number): number {
  const least = holdTimeoutMs * holdParts.leastStop;
  return Math.round(Math.min(stopGraceMs, Math.max(least, holdTimeoutMs * holdParts.stopped - heldMs)));
}
