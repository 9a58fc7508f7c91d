import { filesOf, helloNode } from './bench-repository.ts';
import { Stage } from '../e2e/stage.ts';
import { Sleeper } from '../harness/sleeper.ts';
import { SleepCases, type SleepResult } from '../crash/sleep-cases.ts';
import { measureStartFloor } from './docker-floor.ts';
import { atLeast, atMost, quantile, reported, type Bench, type BenchOptions, type Figure } from './figure.ts';

const bench = 'wake';

/** How long the visitor waits who wakes a preview, against `docker start`; and the control plane killed at every point of falling asleep and waking. */
export const run: Bench = async (options) => [...(await measureWaking(options)), ...(await crashAll(options))];

async function measureWaking({ quick, say }: BenchOptions): Promise<readonly Figure[]> {
  await using stage = await Stage.open();
  const sleeper = await Sleeper.create(stage, await filesOf(helloNode));
  const imageId = await sleeper.imageId();
  const wakes: number[] = [];
  const floors: number[] = [];
  const failed: number[] = [];
  for (let round = 0; round < (quick ? 3 : 20); round += 1) {
    await sleeper.untilAsleep();
    floors.push(await measureStartFloor(imageId));
    const began = performance.now();
    const status = await sleeper.visit(1_000);
    wakes.push(performance.now() - began);
    if (status !== 200) failed.push(status);
    say(`round ${round + 1}: ${Math.round(wakes.at(-1) ?? 0)} ms, docker start ${Math.round(floors.at(-1) ?? 0)} ms`);
  }
  const ratio = quantile(wakes, 0.5) / quantile(floors, 0.5);
  return [
    atMost(0, { bench, metric: 'requests failed that woke a preview', value: failed.length, unit: '' }),
    reported({ bench, metric: 'request to answer, asleep, p50', value: quantile(wakes, 0.5), unit: 'ms' }),
    reported({ bench, metric: 'request to answer, asleep, worst', value: Math.max(...wakes), unit: 'ms' }),
    reported({ bench, metric: 'docker start to answer, p50', value: quantile(floors, 0.5), unit: 'ms' }),
    atMost(2, { bench, metric: 'the first by the second', value: ratio, unit: '' }),
  ];
}

async function crashAll({ quick, say }: BenchOptions): Promise<readonly Figure[]> {
  await using cases = await SleepCases.open();
  const all = [...(await cases.points('sleep')), ...(await cases.points('wake'))];
  const chosen = quick ? all.filter((_, index) => index % 10 === 0) : all;
  const results: SleepResult[] = [];
  for (const one of chosen) {
    const result = await cases.run(one);
    results.push(result);
    say(`${one.turn}:${one.point} ${result.reached ? '' : 'not reached '}${result.problems.join('; ')}`);
  }
  const wrong = results.filter(({ problems }) => problems.length > 0);
  const reached = results.filter((result) => result.reached);
  return [
    atLeast(Math.floor(chosen.length * 0.9), {
      bench,
      metric: 'points of sleeping and waking at which it was killed',
      value: reached.length,
      unit: '',
    }),
    atMost(0, { bench, metric: 'of these with a failed request or something left', value: wrong.length, unit: '' }),
  ];
}
