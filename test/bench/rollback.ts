import { Stage } from '../e2e/stage.ts';
import { atMost, quantile, type Bench, type Figure } from './figure.ts';
import { bench, type BenchCase } from './rollback/bench-case.ts';
import { broken } from './rollback/cases/broken.ts';
import { crashLoop } from './rollback/cases/crash-loop.ts';
import { partlyBroken } from './rollback/cases/partly-broken.ts';
import { recreate } from './rollback/cases/recreate.ts';
import { returnToWarm } from './rollback/cases/return-to-warm.ts';
import { sharedDependency } from './rollback/cases/shared-dependency.ts';
import { streams } from './rollback/cases/streams.ts';

const cases: Readonly<Record<string, BenchCase>> = {
  broken,
  partly: partlyBroken,
  dependency: sharedDependency,
  warm: returnToWarm,
  recreate,
  crash: crashLoop,
  streams,
};

/** What is bad is taken back, and what is not stays (rule 5.6), on real parts, under visitors who come by the clock. */
export const run: Bench = async (options) => {
  const unknown = (options.only ?? []).filter((name) => !(name in cases));
  if (unknown.length > 0)
    throw new Error(`no such case: ${unknown.join(', ')}; there are ${Object.keys(cases).join(', ')}`);
  await using stage = await Stage.open();
  const routeMs: number[] = [];
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(cases)) {
    if (options.only !== undefined && !options.only.includes(name)) continue;
    const began = Date.now();
    figures.push(...(await measure({ ...options, stage, routeMs })));
    options.say(`${name} took ${Math.round((Date.now() - began) / 1_000)} s`);
  }
  if (routeMs.length === 0) return figures;
  const metric = `automatic rollback: decision to last request on the bad version, p95 of ${routeMs.length}`;
  return [...figures, atMost(200, { bench, metric, value: quantile(routeMs, 0.95), unit: 'ms' })];
};
