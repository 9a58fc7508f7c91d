import type { Cell } from './cell.ts';
import { bad, healthy, incidents, unseen } from './scenarios.ts';
import { trafficScenarios } from './traffic-scenarios.ts';

export const usualLoads = [0.2, 1, 10, 100];
export const largeLoad = 1_000;
const modes = ['canary', 'direct'] as const;
export const coldStartName = 'cold start, 20 % for 5 s';

/** Their bars are 90th percentiles of small numbers, which 200 runs do not tell apart. They are over in no time. */
export const broken = ['100 % bad, p0 0', '100 % bad, p0 0.1 %', '100 % bad, p0 5 %'];

/** Those of the other bad cases that have a bar; the others are run with `--full`. */
const barred = [
  '10x: 1 to 10 %',
  'late, 0.1 to 100 %',
  '100 % bad during a 30 % incident',
  'one route (10 %) broken, 1 % usual',
  'fails under load only, 30 %',
];

/** Runs per cell: 8 healthy, incident and drift scenarios x 2 modes x 4 loads make 10,048 runs at 157 each. */
interface Runs {
  readonly good: number;
  readonly incident: number;
  readonly cold: number;
  readonly broken: number;
  readonly bad: number;
  readonly badLarge: number;
  readonly unseen: number;
  readonly traffic: number;
}

const sizes: Record<'quick' | 'normal' | 'full', Runs> = {
  quick: { good: 8, incident: 8, cold: 25, broken: 200, bad: 40, badLarge: 20, unseen: 10, traffic: 4 },
  normal: { good: 157, incident: 420, cold: 500, broken: 1_000, bad: 200, badLarge: 100, unseen: 100, traffic: 50 },
  full: {
    good: 2_000,
    incident: 2_000,
    cold: 2_000,
    broken: 4_000,
    bad: 400,
    badLarge: 200,
    unseen: 1_000,
    traffic: 400,
  },
};

export type Size = keyof typeof sizes;

export function planOf(size: Size): Cell[] {
  const runs = sizes[size];
  const cases = size === 'full' ? Object.keys(bad).filter((name) => !broken.includes(name)) : barred;
  return [
    ...cells(Object.keys(healthy), usualLoads, runs.good),
    ...cells(Object.keys(incidents), usualLoads, runs.incident),
    ...cells([coldStartName], usualLoads, runs.cold),
    ...cells(broken, [...usualLoads, largeLoad], runs.broken),
    ...cells(cases, usualLoads, runs.bad),
    ...cells(cases, [largeLoad], runs.badLarge),
    ...cells(Object.keys(unseen), usualLoads, runs.unseen),
    ...Object.entries(trafficScenarios).flatMap(([name, { rps }]) => cells([name], rps, runs.traffic)),
  ];
}

function cells(scenarios: readonly string[], loads: readonly number[], runs: number): Cell[] {
  return scenarios.flatMap((scenario) =>
    modes.flatMap((mode) => loads.map((rps) => ({ scenario, mode, rps, first: 0, runs }))),
  );
}
