import { classify, type Termination } from '../../domain/evidence/request-outcome.ts';
import { routePattern } from '../../domain/evidence/route-pattern.ts';
import type { Tally } from '../../domain/evidence/tally.ts';
import { emptyHistogram, quantileMs, record, type LatencyHistogram } from '../../domain/latency-histogram.ts';
import type { SlotNumber } from '../../domain/route.ts';
import type { RequestOutcome } from '../ports/router.ts';

const minuteMs = 60_000;
const keptMinutes = 60;
const mostRoutes = 40;
const busiestRoutes = 19;

interface Minute {
  readonly at: number;
  units: number;
  bad: number;
}

interface SlotMemory {
  /** When it was first asked for anything. */
  readonly since: number;
  readonly all: LatencyHistogram;
  readonly minutes: Minute[];
  readonly routes: Map<string, LatencyHistogram>;
}

/** What is known of a version when another one is to be compared with it. */
export interface Baseline {
  readonly lastHour: Tally;
  readonly last5Minutes: Tally;
  /** The busiest patterns, at most 19. */
  readonly routes: readonly string[];
  /** By pattern. */
  readonly p99Ms: Readonly<Record<string, number>>;
}

/**
 * How the requests of each version went, in this process's memory: lost with it, and then built up anew. Times are of the monotonic
 * clock, in milliseconds.
 */
export class TrafficMemory {
  readonly #slots = new Map<SlotNumber, SlotMemory>();

  take(outcomes: readonly RequestOutcome[], now: number): void {
    for (const outcome of outcomes) this.#one(outcome, now);
  }

  /** The slot belongs to another version from here on. */
  forget(slot: SlotNumber): void {
    this.#slots.delete(slot);
  }

  /** Of everything the slot was asked. Not a copy. */
  histogram(slot: SlotNumber): LatencyHistogram {
    return this.#slots.get(slot)?.all ?? emptyHistogram();
  }

  /** Over the last 10 minutes, or since it was first asked for anything; over a minute at least. 0 for a slot that nothing is known of. */
  requestsPerSecond(slot: SlotNumber, now: number): number {
    const memory = this.#slots.get(slot);
    if (memory === undefined) return 0;
    const overMs = Math.min(10 * minuteMs, Math.max(minuteMs, now - memory.since));
    return (sum(memory.minutes, now - overMs).units * 1_000) / overMs;
  }

  baseline(slot: SlotNumber, now: number): Baseline {
    const memory = this.#slots.get(slot);
    if (memory === undefined)
      return { lastHour: { units: 0, bad: 0 }, last5Minutes: { units: 0, bad: 0 }, routes: [], p99Ms: {} };
    const routes = [...memory.routes].toSorted(([, a], [, b]) => b.requests - a.requests).slice(0, busiestRoutes);
    const p99 = routes.flatMap(([route, histogram]): [string, number][] => {
      const ms = quantileMs(histogram, 0.99);
      return ms === null ? [] : [[route, ms]];
    });
    return {
      lastHour: sum(memory.minutes, now - keptMinutes * minuteMs),
      last5Minutes: sum(memory.minutes, now - 5 * minuteMs),
      routes: routes.map(([route]) => route),
      p99Ms: Object.fromEntries(p99),
    };
  }

  #one(outcome: RequestOutcome, now: number): void {
    const { slot, durationMs, weight } = outcome;
    const kind = classify({ status: outcome.status, termination: terminationOf(outcome) });
    if (kind === 'dropped') return;
    const memory = this.#of(slot, now);
    const bad = kind === 'bad';
    // How long an upgraded connection lived says nothing about speed.
    const timed = outcome.upgrade ? (outcome.headersMs ?? 0) : durationMs;
    record(memory.all, timed, bad, weight);
    const minute = minuteOf(memory, now);
    minute.units += weight;
    if (bad) minute.bad += weight;
    const pattern = routePattern(outcome.path);
    const route = memory.routes.get(pattern) ?? (memory.routes.size < mostRoutes ? emptyHistogram() : null);
    if (route === null) return;
    memory.routes.set(pattern, route);
    record(route, timed, bad, weight);
  }

  #of(slot: SlotNumber, now: number): SlotMemory {
    const known = this.#slots.get(slot) ?? { since: now, all: emptyHistogram(), minutes: [], routes: new Map() };
    this.#slots.set(slot, known);
    return known;
  }
}

/** What the router says about a request, in the words of the evidence. A refusal that the router hid still counts. */
export function terminationOf({ ending, refused }: Pick<RequestOutcome, 'ending' | 'refused'>): Termination {
  if (refused) return 'refused';
  return ending === 'denied' ? 'client-gone' : ending;
}

function minuteOf({ minutes }: SlotMemory, now: number): Minute {
  const at = Math.floor(now / minuteMs) * minuteMs;
  const last = minutes.at(-1);
  if (last?.at === at) return last;
  const fresh = { at, units: 0, bad: 0 };
  minutes.push(fresh);
  if (minutes.length > keptMinutes + 1) minutes.shift();
  return fresh;
}

function sum(minutes: readonly Minute[], from: number): Tally {
  let units = 0;
  let bad = 0;
  for (const minute of minutes) {
    if (minute.at + minuteMs <= from) continue;
    units += minute.units;
    bad += minute.bad;
  }
  return { units, bad };
}
