import { atMost, type Figure } from '../../figure.ts';
import { bench, type BenchCase, type CaseOptions } from '../bench-case.ts';
import { Subject, type Fault } from '../subject.ts';
import { deployBad, type TakenBack } from '../take-back.ts';
import { startVisitors } from '../visitors/visitors.ts';

interface Kind {
  readonly name: string;
  readonly what: string;
  readonly fault: Fault;
  readonly repetitions: number;
  /** The rule's simulation took half as long, and half as many. */
  readonly mostSeconds: number;
  readonly mostFailed: number;
}

const perSecond = 100;
const limitMs = 130_000;
/** The requests of 20 s teach the router which routes there are. */
const usualMs = 20_000;

const kinds: readonly Kind[] = [
  { name: 'tenth', what: '10 % broken', fault: { share: 0.1 }, repetitions: 3, mostSeconds: 60, mostFailed: 60 },
  {
    name: 'route',
    what: 'one route (4 %) broken',
    fault: { share: 1, path: '/checkout' },
    repetitions: 3,
    mostSeconds: 60,
    mostFailed: 60,
  },
  {
    name: 'leak',
    what: 'leak after 60 s',
    fault: { leakAfterMs: 60_000 },
    repetitions: 2,
    mostSeconds: 90,
    mostFailed: 60,
  },
];

/** Mostly healthy versions: it takes longer to be sure, but they are found. */
export const partlyBroken: BenchCase = async (options) => {
  const figures: Figure[] = [];
  for (const kind of options.quick ? kinds.slice(0, 2) : kinds) figures.push(...(await repeat(options, kind)));
  return figures;
};

async function repeat(options: CaseOptions, kind: Kind): Promise<Figure[]> {
  const { name, what, fault, mostSeconds, mostFailed } = kind;
  const subject = await Subject.create(options.stage, `partly-${name}`);
  await using visitors = startVisitors(subject.visitors(perSecond));
  await visitors.between(0, Date.now() + usualMs);
  const took: TakenBack[] = [];
  const repetitions = options.quick ? 1 : kind.repetitions;
  for (let n = 1; n <= repetitions; n += 1) {
    const one = await deployBad(subject, visitors, { fault, limitMs });
    if (one !== null) took.push(one);
    options.say(`${subject.name} ${n}: ${JSON.stringify(one)}`);
  }
  options.routeMs.push(...took.map((one) => one.routeMs));
  const seconds = Math.max(...took.map((one) => one.seconds));
  const failed = Math.max(...took.map((one) => one.failed));
  return [
    atMost(0, { bench, metric: `${what}: not taken back`, value: repetitions - took.length, unit: 'deployments' }),
    atMost(mostSeconds, { bench, metric: `${what}: longest from first to last request`, value: seconds, unit: 's' }),
    atMost(mostFailed, { bench, metric: `${what}: most failed`, value: failed, unit: 'requests' }),
  ];
}
