import { beginObservation, advance } from '../../../src/domain/evidence/observation.ts';
import { defaultObservationSettings } from '../../../src/domain/evidence/observation-settings.ts';
import type { ObservationSettings } from '../../../src/domain/evidence/observation-settings.ts';
import type { RequestOutcome } from '../../../src/domain/evidence/request-outcome.ts';
import { poisson, type Random } from './random.ts';
import type { Mode, RunResult } from './simulate.ts';
import { viewOf } from '../../../src/domain/evidence/observation-view.ts';

/** A caller; `place` (0 to 1) decides which version its cookie gives it. Without one it is drawn for each call. */
export interface Caller {
  readonly name: string | null;
  readonly place: number | null;
  readonly route: string;
}

type Answer = Pick<RequestOutcome, 'status' | 'termination' | 'durationMs'>;

/** What one deployment meets, request by request. Times in seconds since the first traffic. */
export interface TrafficScript {
  readonly usual: number;
  readonly p99Ms: Readonly<Record<string, number>>;
  readonly routes: readonly string[];
  readonly settings?: Partial<ObservationSettings>;
  /** Calls per second of each kind, and who makes one. */
  readonly sources: readonly { readonly rps: (t: number) => number; readonly caller: (random: Random) => Caller }[];
  readonly answer: (caller: Caller, version: 'new' | 'old', t: number, random: Random) => Answer;
}

const tickMs = 100;

/** The same as `simulate`, with single requests: clients with cookies, durations, stalls that are known only when they are over. */
export function simulateRequests(script: TrafficScript, mode: Mode, rps: number, random: Random): RunResult {
  const settings = { ...defaultObservationSettings, ...script.settings };
  const units = Math.round(rps * 3_600);
  const baseline = { units, bad: poisson(random, units * script.usual) };
  const { p99Ms, routes } = script;
  const start = { mode, old: 'running', baseline, last5Minutes: { units: 0, bad: 0 }, routes, p99Ms } as const;
  let { state } = beginObservation(settings, start, 0);
  let inForce = { share: state.share, since: 0 };
  let failed = 0;
  const due = new Map<number, RequestOutcome[]>();
  for (let now = tickMs; ; now += tickMs) {
    for (const outcome of drawRequests(script, now - tickMs, inForce.share / 100, random)) {
      const tick = Math.ceil(outcome.at / tickMs) * tickMs;
      due.set(tick, [...(due.get(tick) ?? []), outcome]);
    }
    const outcomes = (due.get(now) ?? []).toSorted((one, other) => one.at - other.at);
    due.delete(now);
    failed += outcomes.filter(({ version, status }) => version === 'new' && status !== 200).length;
    const phase = viewOf(state).phase;
    const advanced = advance(state, { now, inForce, outcomes });
    state = advanced.state;
    if (state.share !== inForce.share) inForce = { share: state.share, since: now };
    const taken = advanced.decisions.find((decision) => decision.type === 'roll-back');
    if (taken === undefined && state.phase.name !== 'done') continue;
    return {
      end: taken === undefined ? 'promoted' : 'rolled-back',
      cause: taken?.cause ?? null,
      probable: taken?.probable ?? false,
      phase,
      seconds: now / 1_000,
      failed,
      challenges: state.challenges,
    };
  }
}

function drawRequests(script: TrafficScript, begin: number, share: number, random: Random): RequestOutcome[] {
  const t = begin / 1_000;
  return script.sources.flatMap(({ rps, caller: draw }) =>
    Array.from({ length: poisson(random, rps(t) * (tickMs / 1_000)) }, () => {
      const caller = draw(random);
      const version = (caller.place ?? random()) < share ? 'new' : 'old';
      const answer = script.answer(caller, version, t, random);
      const at = begin + random() * tickMs + answer.durationMs;
      return { version, ...answer, client: caller.name, route: caller.route, upgrade: false, at } as const;
    }),
  );
}
