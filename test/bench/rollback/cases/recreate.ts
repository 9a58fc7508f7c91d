import { atLeast, atMost } from '../../figure.ts';
import { bench, type BenchCase } from '../bench-case.ts';
import { Subject } from '../subject.ts';
import { hasFailed } from '../visitors/visit.ts';
import { startVisitors } from '../visitors/visitors.ts';

const perSecond = 100;
const gapMs = 3_000;

/** An app that must not run twice, and takes 3 s to start: visitors wait, and none fails (rule 5.2). */
export const recreate: BenchCase = async ({ stage, quick, say }) => {
  const subject = await Subject.create(stage, 'recreate', { settings: { strategy: 'recreate' } });
  await using visitors = startVisitors(subject.visitors(perSecond, { timeoutMs: 35_000 }));
  const from = Date.now();
  const rounds = quick ? 1 : 3;
  for (let n = 1; n <= rounds; n += 1) {
    const number = await subject.trigger({ startDelayMs: gapMs });
    await subject.settle(number);
    const [released] = await subject.events(number, 'traffic.released');
    say(`${subject.name} ${n}: requests were held for ${Math.round(released?.event.heldMs ?? Number.NaN)} ms`);
  }
  const visits = await visitors.between(from, Date.now());
  const longestMs = Math.max(...visits.map(({ dueAt, endedAt }) => endedAt - dueAt));
  const sample = visits.filter(hasFailed).slice(0, 5);
  if (sample.length > 0) say(`failed: ${JSON.stringify(sample)}`);
  const what = 'recreate with a gap of 3 s';
  return [
    atMost(0, { bench, metric: `${what}: failed`, value: visits.filter(hasFailed).length, unit: 'requests' }),
    atLeast(perSecond * 3 * rounds, { bench, metric: `${what}: requests`, value: visits.length, unit: 'requests' }),
    // Else nobody waited, and nothing has been shown.
    atLeast(gapMs, { bench, metric: `${what}: longest wait`, value: Math.round(longestMs), unit: 'ms' }),
    atMost(30_000, { bench, metric: `${what}: longest wait`, value: Math.round(longestMs), unit: 'ms' }),
  ];
};
