/** What is known of when something was last used. Times in milliseconds of a clock that never jumps. */
export interface Use {
  readonly usedAt: number;
  /** Given to it so far, as the router counts them. */
  readonly requests: number;
}

/** What the router says of it. */
export interface UseSeen {
  readonly requests: number;
  /** In flight: requests, WebSockets and streams. */
  readonly open: number;
}

/** What is not known is taken for use: of whatever came before anybody looked, the last may have come just now. */
export function noteUse(before: Use | null, { requests, open }: UseSeen, now: number): Use {
  const used = before === null || open > 0 || requests !== before.requests;
  return { requests, usedAt: used ? now : before.usedAt };
}

/** How often it is looked, so that it sleeps at most a twentieth later than it could. */
export function lookEveryMs(sleepAfterMs: number): number {
  return sleepAfterMs / 20;
}

/** What did not come up is not started again for `firstMs`; with every time that it does not, for twice as long, up to `mostMs`. */
export const wakeBackoff = { firstMs: 5_000, mostMs: 300_000 } as const;

/** What is kept to be looked at once more sleeps soon; null for what else does not sleep makes no difference to it. */
export function sleepOfDeploymentUrl(sleepAfterMs: number | null): number {
  return Math.min(sleepAfterMs ?? Infinity, 300_000);
}
