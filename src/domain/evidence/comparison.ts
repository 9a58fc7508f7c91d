import { addClient, addCounts, closeBuckets, emptyPart, talliesOf, type Part, type PartCounts } from './part.ts';
import { logMixture, logRelevantMixture, routeSlots } from './route-mixture.ts';
import type { Tallies, Version } from './tally.ts';

/** The whole test of new against old while both get traffic: of everything together and of each route slot. */
export interface Comparison {
  readonly all: Part;
  /** One for each of the 20 slots. */
  readonly routes: readonly Part[];
  /** ln E_total over the buckets that are closed. */
  readonly logEvidence: number;
}

export const newComparison: Comparison = {
  all: emptyPart,
  routes: Array.from({ length: routeSlots }, () => emptyPart),
  logEvidence: 0,
};

/** What came in since the last time; `slot` is the route's. */
export interface ComparisonBatch {
  readonly counts: readonly (PartCounts & { readonly slot: number })[];
  /** Single calls of clients that keep their version. */
  readonly calls: readonly {
    readonly version: Version;
    readonly client: string;
    readonly bad: boolean;
    readonly slot: number;
  }[];
}

export function compare(comparison: Comparison, batch: ComparisonBatch, now: number): Comparison {
  let all = comparison.all;
  const routes = [...comparison.routes];
  for (const counts of batch.counts) {
    all = addCounts(all, counts, now);
    routes[counts.slot] = addCounts(routes[counts.slot] ?? emptyPart, counts, now);
  }
  for (const call of batch.calls) {
    all = addClient(all, call.version, call, now);
    routes[call.slot] = addClient(routes[call.slot] ?? emptyPart, call.version, call, now);
  }
  return withClosed({ ...comparison, all, routes }, now, false);
}

/** Before the share changes: what was counted under the old share is judged by itself. */
export function closeAll(comparison: Comparison, now: number): Comparison {
  return withClosed(comparison, now, true);
}

function withClosed(comparison: Comparison, now: number, everything: boolean): Comparison {
  const close = (part: Part) => closeBuckets(part, now, everything);
  const all = close(comparison.all);
  const routes = comparison.routes.map(close);
  const logEvidence = isMoved(comparison, all, routes) ? logMixture(all, routes) : comparison.logEvidence;
  return { all, routes, logEvidence };
}

/** The mixture costs more than all the rest, and most buckets hold no failure. */
function isMoved(before: Comparison, all: Part, routes: readonly Part[]): boolean {
  return differs(before.all, all) || routes.some((part, slot) => differs(before.routes[slot], part));
}

function differs(before: Part | undefined, after: Part): boolean {
  return before?.evidence.logRatios !== after.evidence.logRatios;
}

/** E_total >= exp(logThreshold), counting only parts in which the new version is worse by at least `delta`. */
export function crosses({ all, routes, logEvidence }: Comparison, logThreshold: number, delta: number): boolean {
  return logEvidence >= logThreshold && logRelevantMixture(all, routes, delta) >= logThreshold;
}

/** Units of all traffic since the test began, with open buckets. */
export function comparedUnits({ all }: Comparison): Tallies {
  return talliesOf(all);
}
