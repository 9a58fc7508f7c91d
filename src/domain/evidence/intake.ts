import { remember, type ClientList } from './client-list.ts';
import { closeAll, compare, type ComparisonBatch } from './comparison.ts';
import type { ObservationInput, OutcomeCounts } from './observation-input.ts';
import type { ObservationState, Phase } from './observation-state.ts';
import { countMore } from './recent-counts.ts';
import { classify, type RequestOutcome } from './request-outcome.ts';
import { slotOf } from './route-mixture.ts';
import { routePattern } from './route-pattern.ts';
import { speedOf } from './slow.ts';
import { addTo, type Tallies } from './tally.ts';

/** Counts of one input, sorted by what they are for. */
interface Sorted {
  errors: { counts: ComparisonBatch['counts'][number][]; calls: ComparisonBatch['calls'][number][] };
  speed: { counts: ComparisonBatch['counts'][number][]; calls: ComparisonBatch['calls'][number][] };
  /** Of the new version, from clients that have not failed before. */
  full: { units: number; bad: number };
  fullSpeed: { units: number; bad: number };
  requests: Tallies;
  probes: Tallies;
  failedClients: ClientList;
}

/** Takes in what happened; decides nothing. */
export function takeIn(state: ObservationState, input: ObservationInput): ObservationState {
  const moved = input.inForce.share !== state.inForce.share;
  const before = moved ? withClosedBuckets(state, input) : state;
  const sorted: Sorted = {
    errors: { counts: [], calls: [] },
    speed: { counts: [], calls: [] },
    full: { units: 0, bad: 0 },
    fullSpeed: { units: 0, bad: 0 },
    requests: before.requests,
    probes: before.probes,
    failedClients: before.failedClients,
  };
  const firstTrafficAt = before.firstTrafficAt ?? (hasNew(input) ? input.now : null);
  const timed = firstTrafficAt !== null && input.now - firstTrafficAt >= before.settings.slow.afterMs;
  for (const counts of input.counts ?? []) sortCounts(before, counts, sorted, timed);
  for (const outcome of input.outcomes ?? []) sortOutcome(before, outcome, sorted, timed);
  const { requests, probes, failedClients } = sorted;
  return countForPhase({ ...before, requests, probes, failedClients, firstTrafficAt }, sorted, input.now);
}

function withClosedBuckets(state: ObservationState, { now, inForce }: ObservationInput): ObservationState {
  return {
    ...state,
    inForce,
    comparison: closeAll(state.comparison, now),
    speed: closeAll(state.speed, now),
  };
}

function hasNew({ counts = [], outcomes = [] }: ObservationInput): boolean {
  return (
    counts.some(({ version, stratum, units }) => version === 'new' && stratum !== 'probe' && units > 0) ||
    outcomes.some(({ version }) => version === 'new')
  );
}

function sortCounts(state: ObservationState, counts: OutcomeCounts, sorted: Sorted, timed: boolean): void {
  const { version, stratum, units, bad, speed } = counts;
  const of = stratum === 'probe' ? 'probes' : 'requests';
  sorted[of] = addTo(sorted[of], version, units, bad);
  const judged = timed && stratum !== 'probe' ? speed : undefined;
  if (version === 'new') {
    add(sorted.full, units, bad);
    if (judged !== undefined) add(sorted.fullSpeed, judged.units, judged.bad);
  }
  if (isOfAnotherShare(state, counts.begunAt)) return;
  const slot = slotOf(state.start.routes, counts.route);
  sorted.errors.counts.push({ version, stratum, slot, units, bad });
  if (judged !== undefined) sorted.speed.counts.push({ version, stratum, slot, ...judged });
}

function sortOutcome(state: ObservationState, outcome: RequestOutcome, sorted: Sorted, timed: boolean): void {
  const kind = classify(outcome);
  if (kind === 'dropped') return;
  const { version, client, at } = outcome;
  const bad = kind === 'bad';
  sorted.requests = addTo(sorted.requests, version, 1, bad ? 1 : 0);
  const pattern = routePattern(outcome.route);
  const slot = slotOf(state.start.routes, pattern);
  const slow = timed ? speedOf(outcome, state.start.p99Ms[pattern]) : null;
  if (version === 'new' && state.phase.name === 'full') countForFull(sorted, client, bad, slow);
  if (isOfAnotherShare(state, at - outcome.durationMs)) return;
  sorted.errors.calls.push({ version, client, bad, slot, at });
  if (slow !== null) sorted.speed.calls.push({ version, client, bad: slow, slot, at });
}

/** It was not given to its version by the same draw: what hangs, and began before, would show up on one side only. */
function isOfAnotherShare({ inForce }: ObservationState, begunAt = Infinity): boolean {
  return begunAt < inForce.since;
}

function countForFull(sorted: Sorted, client: string | null, bad: boolean, slow: boolean | null): void {
  if (slow !== null) add(sorted.fullSpeed, 1, slow ? 1 : 0);
  if (client !== null && sorted.failedClients.includes(client)) return;
  add(sorted.full, 1, bad ? 1 : 0);
  if (client !== null && bad) sorted.failedClients = remember(sorted.failedClients, client);
}

function add(sum: { units: number; bad: number }, units: number, bad: number): void {
  sum.units += units;
  sum.bad += bad;
}

function countForPhase(state: ObservationState, sorted: Sorted, now: number): ObservationState {
  const { phase } = state;
  switch (phase.name) {
    case 'canary':
    case 'stepped':
    case 'challenge':
    case 'hold': {
      const mixed = state.inForce.share > 0 && state.inForce.share < 100;
      if (!mixed) return state;
      const speed = state.settings.slow.action === 'off' ? state.speed : compare(state.speed, sorted.speed, now);
      return { ...state, comparison: compare(state.comparison, sorted.errors, now), speed };
    }
    case 'full':
      return { ...state, phase: withRecent(phase, sorted, now) };
    case 'rolled-back':
    case 'done':
      return state;
  }
}

function withRecent(phase: Extract<Phase, { name: 'full' }>, sorted: Sorted, now: number): Phase {
  const { full, fullSpeed } = sorted;
  return {
    ...phase,
    recent: countMore(phase.recent, full.units, full.bad, now),
    recentSlow: countMore(phase.recentSlow, fullSpeed.units, fullSpeed.bad, now),
  };
}
