import { atMost, quantile, type Figure } from '../../figure.ts';
import { bench, secondHighest, type BenchCase, type CaseOptions } from '../bench-case.ts';
import { Subject } from '../subject.ts';
import { deployBad, type TakenBack } from '../take-back.ts';
import { startVisitors } from '../visitors/visitors.ts';

const strategies = [
  { strategy: 'rolling', name: 'direct', mostFailed: 25 },
  { strategy: 'canary', name: 'canary', mostFailed: 8 },
] as const;

/** Healthy for the gate, and every request fails: again and again, each time a new commit. */
export const broken: BenchCase = async (options) => {
  const figures: Figure[] = [];
  for (const perSecond of [20, 100]) {
    for (const one of strategies) figures.push(...(await repeat(options, one, perSecond)));
  }
  return figures;
};

async function repeat(
  options: CaseOptions,
  { strategy, name, mostFailed }: (typeof strategies)[number],
  perSecond: number,
): Promise<Figure[]> {
  const subject = await Subject.create(options.stage, `broken-${name}-${perSecond}`, { settings: { strategy } });
  await using visitors = startVisitors(subject.visitors(perSecond));
  const took: TakenBack[] = [];
  const repetitions = options.quick ? 2 : 10;
  for (let n = 1; n <= repetitions; n += 1) {
    const one = await deployBad(subject, visitors, { fault: { share: 1 } });
    if (one === null) options.say(`${subject.name} ${n}: was not taken back`);
    else took.push(one);
    options.say(`${subject.name} ${n}: ${JSON.stringify(one)}`);
  }
  const failed = took.map((one) => one.failed);
  const seconds = took.map((one) => one.seconds);
  options.routeMs.push(...took.map((one) => one.routeMs));
  options.say(`${subject.name}: failed ${failed.join(' ')}; seconds ${seconds.map((s) => s.toFixed(1)).join(' ')}`);
  const what = `100 % broken, ${name}, ${perSecond} requests/s`;
  return [
    atMost(0, { bench, metric: `${what}: not taken back`, value: repetitions - took.length, unit: 'deployments' }),
    atMost(mostFailed, {
      bench,
      metric: `${what}: failed, second highest of ${took.length}`,
      value: secondHighest(failed),
      unit: 'requests',
    }),
    // Not a promise: how long it takes follows from the rate.
    atMost(60, {
      bench,
      metric: `${what}: from first to last request, median`,
      value: quantile(seconds, 0.5),
      unit: 's',
    }),
  ];
}
