import { atMost, type Figure } from '../../figure.ts';
import { bench, type BenchCase, type CaseOptions } from '../bench-case.ts';
import { Subject } from '../subject.ts';
import { deployBad } from '../take-back.ts';
import { hasFailed } from '../visitors/visit.ts';
import { startVisitors } from '../visitors/visitors.ts';

/** So that some are in flight when it crashes. */
const workMs = 50;

const kinds = [
  { name: 'early', what: 'exits 2 s after its first request', crashAfterMs: [2_000], perSecond: 100, exits: 1 },
  // So few requests that the exits are found by themselves, not by what they cost.
  {
    name: 'late',
    what: 'exits 12 s after its first request, then after 2 s',
    crashAfterMs: [12_000, 2_000],
    perSecond: 1,
    exits: 2,
  },
] as const;

/** A version that ends again and again loses what is in flight when it does, and nothing more (rules 5.5 and 5.6). */
export const crashLoop: BenchCase = async (options) => {
  const figures: Figure[] = [];
  for (const kind of options.quick ? kinds.slice(0, 1) : kinds) figures.push(...(await crash(options, kind)));
  return figures;
};

async function crash(
  options: CaseOptions,
  { name, what, crashAfterMs, perSecond, exits }: (typeof kinds)[number],
): Promise<Figure[]> {
  const { stage, say } = options;
  const subject = await Subject.create(stage, `crash-${name}`);
  await using visitors = startVisitors(subject.visitors(perSecond));
  const from = Date.now();
  const took = await deployBad(subject, visitors, { fault: { crashAfterMs, workMs } });
  const { deployments } = await stage.must<{ deployments: { number: number }[] }>(
    'GET',
    `/api/projects/${subject.name}/deployments`,
  );
  const bad = 2;
  const crashes = await crashesOf(subject, bad);
  const [decided] = await subject.events(bad, 'rollback.decided');
  const visits = await visitors.between(from, Date.now());
  const failed = visits.filter(hasFailed);
  const inFlight = crashes.reduce((sum, one) => sum + one.inFlight, 0);
  say(`${subject.name}: ${JSON.stringify({ took, crashes, deployments: deployments.length, failed: failed.length })}`);
  say(await subject.text(bad));
  if (failed.length > 0) say(`failed: ${JSON.stringify(failed.slice(0, 8))}`);
  const last = crashes.findLast(({ at }) => at <= (decided?.at ?? 0))?.at ?? Number.NaN;
  const seconds = ((decided?.at ?? Number.NaN) - last) / 1_000;
  return [
    atMost(15, { bench, metric: `${what}: last exit to rollback`, value: seconds, unit: 's' }),
    atMost(exits, { bench, metric: `${what}: exits until then`, value: crashes.length, unit: 'exits' }),
    atMost(inFlight, {
      bench,
      metric: `${what}: lost, against those in flight`,
      value: failed.length,
      unit: 'requests',
    }),
  ];
}

async function crashesOf(subject: Subject, number: number): Promise<{ at: number; inFlight: number }[]> {
  const { instances } = await subject.stage.detail(subject.name, number);
  const logs = await Promise.all(instances.map(({ id }) => subject.stage.log(subject.name, number, id)));
  return logs.flatMap((text) =>
    [...text.matchAll(/crashes at (\d+) with (\d+) in flight/g)].map(([, at, count]) => ({
      at: Number(at),
      inFlight: Number(count),
    })),
  );
}
