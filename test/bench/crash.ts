import { nameOf, parseCase, sample, type CrashCase } from '../crash/crash-case.ts';
import type { CrashResult } from '../crash/crash-run.ts';
import { Enumeration } from '../crash/enumerate.ts';
import { recoveryLimitMs } from '../crash/survive.ts';
import { table } from '../crash/table.ts';
import { atLeast, atMost, type Bench, type BenchOptions, type Figure } from './figure.ts';

const bench = 'crash';
const usualPoints = 100;
/** Platforms that work side by side: most of a case is waiting, for a drain or for a lease. */
const mostPlatforms = 2;
/** For each of them, so that it is worth its start. */
const leastCases = 10;
/** Two runs do not make the very same calls: where things go on side by side, some points may not come. */
const shareMissed = 0.05;

/**
 * Kills the control plane before and after journal writes and outside calls, under visitors who come by the clock, and looks whether
 * any of them notices, whether the deployment ends as it must, and whether anything is left.
 */
export const run: Bench = async (options) => {
  await using enumeration = new Enumeration(options.say);
  const cases = await choose(enumeration, options);
  const results: CrashResult[] = [];
  const groups = groupsOf(cases).values();
  const work = async (on: Enumeration) => {
    for (const group of groups) {
      for await (const result of runGroup(on, group)) {
        results.push(result);
        options.say(`${results.length} of ${cases.length}: ${told(result)}`);
      }
    }
  };
  await using others = new AsyncDisposableStack();
  const more = Math.min(mostPlatforms, Math.floor(cases.length / leastCases)) - 1;
  const platforms = Array.from({ length: Math.max(0, more) }, () => others.use(new Enumeration(options.say)));
  await Promise.all([enumeration, ...platforms].map(work));
  options.say(`${new Date().toISOString().slice(0, 10)}, ${results.length} cases\n\n${table(results)}\n`);
  return figures(results);
};

/** Those that begin with the same crash, in order. */
function groupsOf(cases: readonly CrashCase[]): readonly (readonly CrashCase[])[] {
  return [...Map.groupBy(cases, (one) => nameOf({ ...one, second: null })).values()];
}

async function* runGroup(enumeration: Enumeration, group: readonly CrashCase[]): AsyncGenerator<CrashResult> {
  for (const one of group) {
    const result = await enumeration.run(one);
    yield result;
    // The recovery from there is over before it comes to a point that is later still.
    if (one.second !== null && !result.reached) return;
  }
}

function told({ name, reached, recoveryMs }: CrashResult): string {
  if (!reached) return `${name} was not reached`;
  return recoveryMs === null
    ? `${name} did not end in time`
    : `${name} ended ${(recoveryMs / 1_000).toFixed(1)} s after the restart`;
}

async function choose(
  enumeration: Enumeration,
  { all = false, only, points = usualPoints, quick, say, seed = new Date().toISOString() }: BenchOptions,
): Promise<readonly CrashCase[]> {
  if (only !== undefined) return only.map(parseCase);
  if (!(points >= 1)) throw new Error('--points takes a number from 1 on');
  const cases = await enumeration.cases();
  if (all) return cases;
  say(`a sample of ${cases.length} cases, with the seed ${seed}`);
  return sample(cases, quick ? Math.min(points, 10) : points, seed);
}

function figures(results: readonly CrashResult[]): readonly Figure[] {
  // A second point that was not reached has none behind it: the recovery was shorter.
  const missed = results.filter(({ crashes }) => crashes === 0).length;
  const mayMiss = Math.floor(results.length * shareMissed);
  const late = results.filter(({ recoveryMs }) => recoveryMs === null).length;
  const slowest = Math.max(0, ...results.map(({ recoveryMs }) => recoveryMs ?? 0));
  return [
    atLeast(results.length - mayMiss, count('points covered', results.length - missed, 'points')),
    atMost(mayMiss, count('points not reached', missed, 'points')),
    atLeast(1, count('requests', sum(results.map(({ requests }) => requests)), 'requests')),
    atMost(0, count('failed requests', sum(results.map(({ failed }) => failed)), 'requests')),
    atMost(0, count(`not ended ${recoveryLimitMs / 1_000} s after the restart`, late, 'deployments')),
    atMost(recoveryLimitMs, count('slowest end after the restart', Math.round(slowest), 'ms')),
    atMost(0, count('leaks', sum(results.map(({ leaks }) => leaks.length)), 'things')),
    atMost(
      0,
      count('cases in which anything was wrong', results.filter(({ problems }) => problems.length > 0).length, 'cases'),
    ),
  ];
}

function count(metric: string, value: number, unit: string) {
  return { bench, metric, value, unit };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
