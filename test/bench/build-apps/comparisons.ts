import { atMost, quantile, reported, type Figure } from '../figure.ts';
import { buildApp, removeImages } from './app-builds.ts';
import { express } from './apps/servers.ts';
import { nextApps } from './apps/next.ts';
import type { BenchApp } from './bench-app.ts';
import { checkOut } from './checkout.ts';
import { buildClassic } from './classic-builder.ts';

const bench = 'build';

interface Comparison {
  readonly run: string;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** What a changed line costs, beside what it costs elsewhere, both in turns in one run. */
export async function compare(comparison: Comparison): Promise<readonly Figure[]> {
  try {
    return [...(await compareNext(comparison)), ...(await compareExpress(comparison))];
  } finally {
    await removeImages(comparison.run);
  }
}

async function compareNext({ run, rounds, say }: Comparison): Promise<readonly Figure[]> {
  const [next] = nextApps as readonly [BenchApp];
  await using checkout = await checkOut(next);
  const ours = () => secondsOf(checkout.path, run);
  say(
    `Next.js, the first time: ours ${(await ours()).toFixed(1)} s, classic ${(await buildClassic(checkout.path, run)).toFixed(1)} s`,
  );
  const samples: { readonly ours: number; readonly classic: number }[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await checkout.say(`Hello, for the ${round}th time`);
    const sample = { ours: await ours(), classic: await buildClassic(checkout.path, run) };
    say(`Next.js, one line changed: ours ${sample.ours.toFixed(1)} s, classic ${sample.classic.toFixed(1)} s`);
    samples.push(sample);
  }
  const mine = median(samples.map(({ ours: seconds }) => seconds));
  const theirs = median(samples.map(({ classic }) => classic));
  return [
    atMost(0.5, {
      bench,
      metric: 'Next.js, one line changed, of the classic builder',
      value: mine / theirs,
      unit: 'times',
    }),
    reported({ bench, metric: 'Next.js, one line changed', value: mine, unit: 's' }),
    reported({
      bench,
      metric: 'Next.js, one line changed, plain Dockerfile, classic builder',
      value: theirs,
      unit: 's',
    }),
  ];
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

async function compareExpress({ run, rounds, say }: Comparison): Promise<readonly Figure[]> {
  await using checkout = await checkOut(express);
  await secondsOf(checkout.path, run);
  const more: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const unchanged = await secondsOf(checkout.path, run);
    await checkout.say(`Hello, for the ${round}th time`);
    const changed = await secondsOf(checkout.path, run);
    say(`Express: unchanged ${unchanged.toFixed(2)} s, one line changed ${changed.toFixed(2)} s`);
    more.push(changed - unchanged);
  }
  return [
    atMost(1.3, { bench, metric: 'Express, one line changed, more than unchanged', value: median(more), unit: 's' }),
  ];
}

async function secondsOf(checkout: string, run: string): Promise<number> {
  return (await buildApp(checkout, {}, { run, scope: `${run}/compared`, noCache: false })).seconds;
}
