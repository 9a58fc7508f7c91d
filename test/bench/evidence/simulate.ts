import { defaultObservationSettings } from '../../../src/domain/evidence/observation-settings.ts';
import type { OutcomeCounts } from '../../../src/domain/evidence/observation-input.ts';
import { advance, beginObservation } from '../../../src/domain/evidence/observation.ts';
import type { ObservationStart } from '../../../src/domain/evidence/observation-state.ts';
import { viewOf } from '../../../src/domain/evidence/observation-view.ts';
import { binomial, poisson, type Random } from './random.ts';
import { routes, type Script } from './scenarios.ts';

export type Mode = 'direct' | 'canary';

/** How one deployment went. */
export interface RunResult {
  readonly end: 'rolled-back' | 'promoted' | 'replaced';
  readonly cause: string | null;
  readonly probable: boolean;
  /** Phase in which it was rolled back. */
  readonly phase: string;
  readonly seconds: number;
  /** Failed requests that visitors got from the new version. */
  readonly failed: number;
  readonly challenges: number;
}

const patterns = routes.map(({ pattern }) => pattern);

/** Assumed from a decision until the traffic goes where it says: two writes to a database, a reading, and a command. */
const routeMs = 40;

/** One deployment on a virtual clock: counts are drawn for each tick, the shipped reducer decides, and a little later it is so. */
export function simulate(script: Script, mode: Mode, rps: number, random: Random): RunResult {
  const until = (script.until ?? Infinity) * 1_000;
  let { state } = beginObservation(defaultObservationSettings, startOf(script, mode, rps, random), 0);
  let inForce = { share: state.share, since: 0 };
  let dueAt = Infinity;
  let failed = 0;
  for (let from = 0; ;) {
    const now = Math.min(from + tickMs(rps, inForce.share, from), dueAt);
    const { share } = inForce;
    const counts = drawTick(script, from / 1_000, { rps, seconds: (now - from) / 1_000, share }, random);
    failed += failedIn(counts);
    from = now;
    const before = state;
    const advanced = advance(state, { now, inForce, counts });
    if (now === dueAt) [inForce, dueAt] = [{ share: before.share, since: now }, Infinity];
    state = advanced.state;
    dueAt = state.share === inForce.share ? Infinity : Math.min(dueAt, now + routeMs);
    const taken = advanced.decisions.find((decision) => decision.type === 'roll-back');
    const end =
      taken !== undefined ? 'rolled-back' : state.phase.name === 'done' ? 'promoted' : now >= until ? 'replaced' : null;
    if (end === null) continue;
    const last = end === 'rolled-back' ? routeMs / 1_000 : 0;
    return {
      end,
      cause: taken?.cause ?? null,
      probable: taken?.probable ?? false,
      phase: viewOf(before).phase,
      seconds: now / 1_000,
      failed: failed + failedIn(drawTick(script, now / 1_000, { rps, seconds: last, share }, random)),
      challenges: state.challenges,
    };
  }
}

/** As often as the observer looks where single requests count: while both are compared, and when the first traffic comes. */
function tickMs(rps: number, share: number, now: number): number {
  if (rps < 5) return 1_000;
  return rps >= 50 && ((share > 0 && share < 100) || now < 10_000) ? 20 : 100;
}

function failedIn(counts: readonly OutcomeCounts[]): number {
  return counts.reduce((sum, { version, bad }) => sum + (version === 'new' ? bad : 0), 0);
}

function startOf(script: Script, mode: Mode, rps: number, random: Random): ObservationStart {
  const draw = (seconds: number, rate: number) => {
    const units = Math.round(rps * seconds);
    return { units, bad: Math.min(units, poisson(random, units * rate)) };
  };
  return {
    mode,
    old: 'running',
    baseline: draw(script.oldServedFor ?? 3_600, script.usual),
    last5Minutes: draw(300, script.last5Minutes ?? script.usual),
    routes: patterns,
    p99Ms: {},
  };
}

function drawTick(
  script: Script,
  t: number,
  tick: { rps: number; seconds: number; share: number },
  random: Random,
): OutcomeCounts[] {
  const counts: OutcomeCounts[] = [];
  const mean = tick.rps * tick.seconds * (script.load?.(t) ?? 1);
  const share = tick.share / 100;
  routes.forEach(({ pattern: route, weight }, index) => {
    const units = poisson(random, mean * weight);
    if (units === 0) return;
    const fresh = binomial(random, units, share);
    const add = (version: 'new' | 'old', of: number, rate: number) => {
      if (of > 0) counts.push({ version, stratum: 'request', route, units: of, bad: binomial(random, of, rate) });
    };
    add('new', fresh, script.fresh(t, share, index));
    add('old', units - fresh, script.old(t));
  });
  return counts;
}
