import { atLeast, atMost, type Figure } from '../../figure.ts';
import { bench, type BenchCase, type CaseOptions } from '../bench-case.ts';
import { Dependency } from '../dependency.ts';
import { pause, Subject } from '../subject.ts';
import { hasFailed } from '../visitors/visit.ts';
import { startVisitors } from '../visitors/visitors.ts';

const perSecond = 50;
const settledMs = 5_000;
const awayMs = 30_000;
const afterwardsMs = 20_000;

const kinds = [
  { name: 'down', strategy: 'rolling' },
  { name: 'down', strategy: 'canary' },
  { name: 'hanging', strategy: 'rolling' },
] as const;
type Kind = (typeof kinds)[number];

/** What both versions need is away for 30 s, in the middle of an observation: no reason to roll back. */
export const sharedDependency: BenchCase = async (options) => {
  const figures: Figure[] = [];
  for (const kind of options.quick ? kinds.slice(0, 1) : kinds) figures.push(...(await survive(options, kind)));
  return figures;
};

async function survive(options: CaseOptions, { name, strategy }: Kind): Promise<Figure[]> {
  const { stage, say } = options;
  await using dependency = await Dependency.start();
  const variables = { DEPENDENCY: dependency.url };
  const subject = await Subject.create(stage, `shared-${name}-${strategy}`, { settings: { strategy }, variables });
  await using visitors = startVisitors(subject.visitors(perSecond));
  await pause(settledMs);
  const number = await subject.trigger({});
  await subject.inTraffic(number);
  await pause(settledMs);
  const downAt = Date.now();
  await takeAway(dependency, name);
  await pause(afterwardsMs);
  const failed = (await visitors.between(downAt, Date.now())).filter(hasFailed).length;
  const { deployment } = await stage.detail(subject.name, number);
  const decided = await subject.events(number, 'rollback.decided');
  say(`${subject.name}: #${number} is ${deployment.state} (${deployment.reason}); ${failed} failed`);
  say(await subject.text(number));
  const what = `shared dependency ${name} for 30 s, ${strategy}`;
  const gone = deployment.state === 'failed' || deployment.state === 'stopped' ? 1 : 0;
  return [
    atMost(0, { bench, metric: `${what}: rollbacks`, value: Math.max(decided.length, gone), unit: 'rollbacks' }),
    // Else nothing has been shown.
    atLeast(perSecond * 10, { bench, metric: `${what}: failed on both versions`, value: failed, unit: 'requests' }),
  ];
}

async function takeAway(dependency: Dependency, how: Kind['name']): Promise<void> {
  if (how === 'down') await dependency.stop();
  dependency.hanging = how === 'hanging';
  await pause(awayMs);
  dependency.hanging = false;
  if (how === 'down') await dependency.startAgain();
}
