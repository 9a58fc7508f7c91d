import { createHash } from 'node:crypto';

export const scenarioNames = ['good', 'bad', 'rollback', 'cancel', 'directory', 'upload'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** Where the control plane dies while a scenario runs: at a point, and perhaps at a second one, `+n`, of its recovery. */
export interface CrashCase {
  readonly scenario: ScenarioName;
  /** `<call>:<occurrence>:<before|after>` */
  readonly point: string;
  /** The n-th point that is passed after the restart; null: only one crash. */
  readonly second: number | null;
}

/** What `--only` takes: `good:runtime.start:1:after`, or `good:runtime.start:1:after+3`. */
export function nameOf({ scenario, point, second }: CrashCase): string {
  return `${scenario}:${point}${second === null ? '' : `+${second}`}`;
}

export function parseCase(name: string): CrashCase {
  const match = /^(\w+):(.+:\d+:(?:before|after))(?:\+(\d+))?$/.exec(name);
  const scenario = scenarioNames.find((known) => known === match?.[1]);
  if (match?.[2] === undefined || scenario === undefined) {
    throw new Error(
      `"${name}" is no case: ${scenarioNames.join(', ')} is followed by a point, as good:runtime.start:1:after`,
    );
  }
  return { scenario, point: match[2], second: match[3] === undefined ? null : Number(match[3]) };
}

const paired = 10;

/** Every point once; and each of the first ten with a second crash at each of the first ten points of the recovery. */
export function allCases(scenario: ScenarioName, points: readonly string[]): readonly CrashCase[] {
  const seconds = Array.from({ length: paired }, (_, index) => index + 1);
  return [
    ...points.map((point) => ({ scenario, point, second: null })),
    ...points.slice(0, paired).flatMap((point) => seconds.map((second) => ({ scenario, point, second }))),
  ];
}

/** `count` of them, the same for the same seed, in the order in which they were given; a quarter of them with a second crash. */
export function sample(cases: readonly CrashCase[], count: number, seed: string): readonly CrashCase[] {
  const once = draw(
    cases.filter(({ second }) => second === null),
    Math.round((count * 3) / 4),
    seed,
  );
  const twice = draw(
    cases.filter(({ second }) => second !== null),
    count - once.length,
    seed,
  );
  const chosen = new Set([...once, ...twice]);
  return cases.filter((one) => chosen.has(one));
}

function draw(cases: readonly CrashCase[], count: number, seed: string): readonly CrashCase[] {
  const rank = (one: CrashCase) =>
    createHash('sha256')
      .update(`${seed} ${nameOf(one)}`)
      .digest('hex');
  const ranked = cases.map((one) => ({ one, rank: rank(one) })).toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, count).map(({ one }) => one);
}
