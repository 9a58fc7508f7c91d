import { excessOf, logEvidence, logMean } from './evidence.ts';
import type { Part } from './part.ts';

/** The 19 busiest route patterns of the last hour, and one for all others. Fixed when the test begins. */
export const routeSlots = 20;
export const otherSlot = routeSlots - 1;

/** The slot of a pattern; `routes` are at most 19 patterns. */
export function slotOf(routes: readonly string[], pattern: string): number {
  const index = routes.indexOf(pattern);
  return index < 0 || index >= otherSlot ? otherSlot : index;
}

/**
 * ln E_total, where E_total = 1/2 E_all + 1/2 mean over the 20 slots of E_route. A mean of e-values is an e-value; a slot without traffic
 * counts 1. So a route that is broken alone is found although the rest of the traffic hides it, for a factor of 40 in its evidence.
 */
export function logMixture(all: Part, routes: readonly Part[]): number {
  return logHalves(
    logEvidence(all.evidence),
    routes.map((part) => logEvidence(part.evidence)),
  );
}

/**
 * The same, of only those parts in which the new version is worse by at least `delta`; the others count as at most 1. Never larger than
 * the mixture, so the bound on false alarms holds.
 */
export function logRelevantMixture(all: Part, routes: readonly Part[], delta: number): number {
  const relevant = (part: Part) => {
    const log = logEvidence(part.evidence);
    return excessOf(part.evidence) >= delta ? log : Math.min(0, log);
  };
  return logHalves(relevant(all), routes.map(relevant));
}

/** The slot that alone carries the mixture over the threshold, or null when all traffic together does. */
export function loudestRoute(all: Part, routes: readonly Part[]): number | null {
  const logs = routes.map((part) => logEvidence(part.evidence));
  const loudest = logs.indexOf(Math.max(...logs));
  return (logs[loudest] ?? 0) - Math.log(routeSlots) > logEvidence(all.evidence) ? loudest : null;
}

function logHalves(all: number, routes: readonly number[]): number {
  return logMean([all, logMean(routes)]);
}
