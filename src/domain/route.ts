/** One version's place in the router: the number of its slot. Every version has its own, so its counters start at zero. */
export type SlotNumber = number;

/** What a host is given: `share` percent of requests go to the candidate, the rest to the stable version. */
export interface RouteTarget {
  readonly stable: SlotNumber;
  readonly candidate: SlotNumber | null;
  /** 0 to 100; 0 without a candidate. */
  readonly share: number;
}

export function stableOnly(slot: SlotNumber): RouteTarget {
  return { stable: slot, candidate: null, share: 0 };
}

/** The candidate's part of the instances in rotation, as whole percent; the last step is always 100. */
export function shareOf(fresh: number, old: number): number {
  if (old === 0) return 100;
  return Math.round((100 * fresh) / (fresh + old));
}
