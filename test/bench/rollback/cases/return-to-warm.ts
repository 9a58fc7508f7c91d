import { atMost, quantile } from '../../figure.ts';
import { bench, type BenchCase } from '../bench-case.ts';
import { pause, Subject } from '../subject.ts';
import { hasFailed } from '../visitors/visit.ts';
import { startVisitors } from '../visitors/visitors.ts';

const perSecond = 100;
const observedMs = 1_000;

/** Somebody goes back to the version on standby: a route change, not a start. */
export const returnToWarm: BenchCase = async ({ stage, quick, say }) => {
  const subject = await Subject.create(stage, 'warm');
  await using visitors = startVisitors(subject.visitors(perSecond));
  const tookMs: number[] = [];
  let failed = 0;
  for (let n = 1; n <= (quick ? 3 : 10); n += 1) {
    const number = await subject.trigger({});
    await subject.settle(number);
    await pause(observedMs);
    const askedAt = Date.now();
    const { number: back } = await subject.rollBack();
    await subject.settle(back);
    const visits = await visitors.between(askedAt - observedMs, Date.now());
    const last = Math.max(...visits.flatMap(({ version, endedAt }) => (version === number ? [endedAt] : [])));
    tookMs.push(last - askedAt);
    failed += visits.filter(hasFailed).length;
    const shift = (await subject.events(back, 'traffic.shifting'))[0]?.at ?? Number.NaN;
    say(`${subject.name} ${n}: ${last - askedAt} ms; the route was written after ${shift - askedAt} ms`);
  }
  return [
    atMost(200, {
      bench,
      metric: `rollback by hand: call to last request on the version left, p95 of ${tookMs.length}`,
      value: quantile(tookMs, 0.95),
      unit: 'ms',
    }),
    atMost(0, { bench, metric: 'rollback by hand: failed', value: failed, unit: 'requests' }),
  ];
};
