import { stallTimeMs } from '../../../src/domain/evidence/request-outcome.ts';
import { defaultObservationSettings } from '../../../src/domain/evidence/observation-settings.ts';
import type { Random } from './random.ts';
import type { Caller, TrafficScript } from './simulate-requests.ts';

const medianMs = 50;
const spread = 0.6;
const p99Ms = medianMs * Math.exp(spread * 2.326);
const routes = ['/', '/items/:id'];

export type TrafficScenario = (random: Random, rps: number) => TrafficScript;

/** Log-normal, by the sum of uniform numbers. */
function durationMs(random: Random): number {
  let sum = -6;
  for (let i = 0; i < 12; i += 1) sum += random();
  return medianMs * Math.exp(spread * sum);
}

const ok = (ms: number) => ({ status: 200, termination: 'complete', durationMs: ms }) as const;
const error = (ms: number) => ({ status: 500, termination: 'complete', durationMs: ms }) as const;
const stalled = () => ({ status: null, termination: 'stalled', durationMs: stallTimeMs(p99Ms) }) as const;

/** 300 visitors with a cookie. Their places are spread evenly. */
function visitor(random: Random): Caller {
  const number = Math.floor(random() * 300);
  return { name: `v${number}`, place: (number * 0.618034) % 1, route: random() < 0.7 ? '/' : '/items/7' };
}

function anonymous(random: Random): Caller {
  return { name: null, place: null, route: random() < 0.7 ? '/' : '/items/7' };
}

/** Two clients that fail always, each with a tenth of the load; from before the deployment, or from any time on. */
const bots =
  (fromBefore: boolean): TrafficScenario =>
  (random, rps) => {
    const begin = fromBefore ? -1 : random() * 840;
    const places = [random(), random()];
    const bot = (index: number) => ({
      rps: (t: number) => (t >= begin ? rps * 0.1 : 0),
      caller: () => ({ name: `bot${index}`, place: places[index] ?? 0, route: '/items/1' }),
    });
    return {
      usual: fromBefore ? 0.2 : 0.001,
      p99Ms: { '/': p99Ms, '/items/:id': p99Ms },
      routes,
      sources: [{ rps: () => rps * 0.8, caller: visitor }, bot(0), bot(1)],
      answer: (caller, _version, _t, draw) =>
        caller.name?.startsWith('bot') === true || draw() < 0.001 ? error(20) : ok(durationMs(draw)),
    };
  };

/** For a minute calls of one route hang and the others take five times as long, on both versions. */
const slowDependency =
  (action: 'alert' | 'roll-back'): TrafficScenario =>
  (random, rps) => {
    const begin = random() * 840;
    return {
      usual: 0.001,
      p99Ms: { '/': p99Ms, '/items/:id': p99Ms },
      routes,
      settings: { slow: { ...defaultObservationSettings.slow, action } },
      sources: [
        { rps: () => rps / 2, caller: visitor },
        { rps: () => rps / 2, caller: anonymous },
      ],
      answer: (caller, _version, t, draw) => {
        const isSlow = t >= begin && t < begin + 60;
        if (isSlow && caller.route !== '/') return stalled();
        if (draw() < 0.001) return error(20);
        return ok(durationMs(draw) * (isSlow ? 5 : 1));
      },
    };
  };

/** Nothing but a checker that calls the health path: no cookies, one route. */
const healthCheckers =
  (usual: number): TrafficScenario =>
  (_random, rps) => ({
    usual,
    p99Ms: {},
    routes: ['/health'],
    sources: [{ rps: () => rps, caller: () => ({ name: null, place: null, route: '/health' }) }],
    answer: (_caller, _version, _t, draw) => (draw() < usual ? error(5) : ok(5)),
  });

export const trafficScenarios: Readonly<
  Record<string, { readonly script: TrafficScenario; readonly rps: readonly number[] }>
> = {
  'two failing bots, as before': { script: bots(true), rps: [1, 10] },
  'two failing bots, newly come': { script: bots(false), rps: [1, 10] },
  'a dependency gets slow and hangs': { script: slowDependency('alert'), rps: [1, 10, 50] },
  'a dependency gets slow, slowness rolls back': { script: slowDependency('roll-back'), rps: [1, 10] },
  'nothing but 5 rps of health checkers, 0 %': { script: healthCheckers(0), rps: [5] },
  'nothing but 5 rps of health checkers, 0.5 %': { script: healthCheckers(0.005), rps: [5] },
};
