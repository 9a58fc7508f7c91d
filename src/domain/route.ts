/** One version's place in the router: the number of its slot. Every version has its own, so its counters start at zero. */
export type SlotNumber = number;

/**
 * What happens to the requests of a host. `serve`: they go to a version. `held`: they wait in the router until that changes, at
 * most for the hold time (rule 5.2). `paused`: they get a 503 page that says so (rule 2.2). `asleep`: they wait as when held, and it is told
 * that somebody waits (rule 6). `unwoken`: it was told, and what sleeps did not come up: they get a 503 page that says so.
 */
export const routeModes = ['serve', 'held', 'paused', 'asleep', 'unwoken'] as const;
export type RouteMode = (typeof routeModes)[number];

/** The version that the route names is stopped because nobody used it, and is started again when somebody comes. */
export function isAsleep(route: Pick<RouteTarget, 'mode'> | null): boolean {
  return route?.mode === 'asleep' || route?.mode === 'unwoken';
}

/** What a host is given: `share` percent of requests go to the candidate, the rest to the stable version. */
export interface RouteTarget {
  readonly stable: SlotNumber;
  readonly candidate: SlotNumber | null;
  /** 0 to 100; 0 without a candidate. */
  readonly share: number;
  readonly mode: RouteMode;
  /** The outcome of every request is told, not only of a sample. */
  readonly observed: boolean;
}

/** What the router asks of the visitors of a host, and tells them, wherever they are sent. */
export interface HostGuard {
  /** Search engines are told not to list it. */
  readonly noindex: boolean;
  /**
   * null: nobody is asked for one. `<salt>:<digest>`, both lower case hex: SHA-256 of the salt's digits followed by the base64 text of Basic
   * authentication.
   */
  readonly password: string | null;
}

export function sameGuard(a: HostGuard | null, b: HostGuard | null): boolean {
  return a?.noindex === b?.noindex && a?.password === b?.password;
}

export function stableOnly(slot: SlotNumber): RouteTarget {
  return { stable: slot, candidate: null, share: 0, mode: 'serve', observed: false };
}

/** `share` percent to the candidate, the rest to the stable version, with every outcome told. */
export function sharedRoute(stable: SlotNumber, candidate: SlotNumber, share: number): RouteTarget {
  return { stable, candidate, share, mode: 'serve', observed: true };
}

export function sameRoute(a: RouteTarget | null, b: RouteTarget | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.stable === b.stable &&
    a.candidate === b.candidate &&
    a.share === b.share &&
    a.mode === b.mode &&
    a.observed === b.observed
  );
}

/** The slot gets requests, or may get some by a change of the share alone. */
export function leadsTo({ stable, candidate }: Pick<RouteTarget, 'stable' | 'candidate'>, slot: SlotNumber): boolean {
  return stable === slot || candidate === slot;
}

/** Percent of the traffic that the route gives to the slot. */
export function shareOfSlot(route: RouteTarget | null, slot: SlotNumber | null): number {
  if (route === null || slot === null) return 0;
  if (route.stable === slot) return 100 - route.share;
  return route.candidate === slot ? route.share : 0;
}

/** The candidate's part of the instances in rotation, as whole percent; the last step is always 100. */
export function shareOf(fresh: number, old: number): number {
  if (old === 0) return 100;
  return Math.round((100 * fresh) / (fresh + old));
}
