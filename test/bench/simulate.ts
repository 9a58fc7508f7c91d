import { availableParallelism } from 'node:os';
import type { HistoryResult } from '../simulation/history.ts';
import { simulateMany } from '../simulation/simulate-many.ts';
import { simplify, simulate } from '../simulation/simulate.ts';
import { atLeast, atMost, type Bench, type Figure } from './figure.ts';

/** Rule: at least 100,000 histories in 10 minutes. */
const perSecond = 100_000 / 600;
const fewestOperations = 20;
const fewestFaults = 5;
const sizes = { quick: 2_000, normal: 20_000, full: 100_000 };
/** Of so many failing seeds the smallest program is looked for, and no more: each takes a second or two. */
const simplified = 3;

/** The whole engine on virtual time, over random programs of operations and faults. With a seed: that history alone, call by call. */
export const run: Bench = async ({ quick, full, seed, histories, from = 1, say }) => {
  if (seed !== undefined) return replay(Number(seed));
  const count = histories ?? sizes[full === true ? 'full' : quick ? 'quick' : 'normal'];
  const began = performance.now();
  let said = 0;
  let told = 0;
  const { sums, failed } = await simulateMany({
    processes: availableParallelism(),
    first: from,
    count,
    progress: ({ sums: { histories: done }, failed: found }) => {
      for (const one of found.slice(told))
        say(`${one.code}: ${one.message}; to see it: bin/bench simulate --seed ${one.seed}`);
      told = found.length;
      if (done < said + count / 10) return;
      said = done;
      say(`${done} histories, ${found.length} with violations`);
    },
  });
  const seconds = (performance.now() - began) / 1000;
  for (const { seed: one } of failed.slice(0, simplified)) say(await describeSimplified(one));
  return [
    atLeast(count, named('histories', sums.histories, 'histories')),
    atLeast(fewestOperations, named('operations per history', sums.operations / sums.histories, 'operations')),
    atLeast(fewestFaults, named('faults per history that happened', sums.faults / sums.histories, 'faults')),
    atLeast(1, named('crashes of the control plane', sums.crashes, 'crashes')),
    atMost(0, named('histories with violations', failed.length, 'histories')),
    atLeast(Math.round(perSecond), named('speed', sums.histories / seconds, 'histories/s')),
  ];
};

function named(metric: string, value: number, unit: string) {
  return { bench: 'simulate', metric, value, unit };
}

async function replay(seed: number): Promise<readonly Figure[]> {
  const result = await simulate(seed, { trace: (line) => console.error(line) });
  for (const line of linesOf(result)) console.error(line);
  if (result.findings.length > 0) console.error(await describeSimplified(seed));
  return [
    atLeast(fewestOperations, named(`operations of seed ${seed}`, result.operations, 'operations')),
    atMost(0, named(`violations of seed ${seed}`, result.findings.length, 'violations')),
  ];
}

async function describeSimplified(seed: number): Promise<string> {
  const { program, result } = await simplify(seed);
  return [`seed ${seed}, the smallest program that fails:`, JSON.stringify(program, null, 1), ...linesOf(result)].join(
    '\n',
  );
}

function linesOf({ findings }: HistoryResult): string[] {
  return findings.map(({ at, code, message }) => `VIOLATION at ${at} ms: ${code}: ${message}`);
}
