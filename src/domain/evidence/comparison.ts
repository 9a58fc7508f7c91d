import {
  addCall,
  addCounts,
  closeBuckets,
  emptyPart,
  hasDue,
  talliesOf,
  type Part,
  type PartCall,
  type PartCounts,
} from './part.ts';
import { logMixture, logRelevantMixture, routeSlots } from './route-mixture.ts';
import type { Tallies } from './tally.ts';

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
  /** Single calls, in the order in which they became final. */
  readonly calls: readonly (PartCall & { readonly slot: number })[];
}

export function compare(comparison: Comparison, batch: ComparisonBatch, now: number): Comparison {
  // Asked many times a second, and mostly nothing came.
  if (batch.counts.length === 0 && batch.calls.length === 0 && !hasAnyDue(comparison, now)) return comparison;
  let all = comparison.all;
  const routes = [...comparison.routes];
  for (const counts of batch.counts) {
    all = addCounts(all, counts, now);
    routes[counts.slot] = addCounts(routes[counts.slot] ?? emptyPart, counts, now);
  }
  for (const call of batch.calls) {
    all = addCall(all, call);
    routes[call.slot] = addCall(routes[call.slot] ?? emptyPart, call);
  }
  return withClosed(comparison, { all, routes }, (part) => closeBuckets(part, now));
}

function hasAnyDue({ all, routes }: Comparison, now: number): boolean {
  return hasDue(all, now) || routes.some((part) => hasDue(part, now));
}

/** Before the share changes: what was counted under the old share is judged by itself. */
export function closeAll(comparison: Comparison, now: number): Comparison {
  return withClosed(comparison, comparison, (part) => closeBuckets(part, now, true));
}

function withClosed(
  before: Comparison,
  counted: Pick<Comparison, 'all' | 'routes'>,
  close: (part: Part) => Part,
): Comparison {
  const all = close(counted.all);
  const routes = counted.routes.map(close);
  const logEvidence = isMoved(before, all, routes) ? logMixture(all, routes) : before.logEvidence;
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
