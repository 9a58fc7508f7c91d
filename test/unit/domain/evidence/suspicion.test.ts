import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOver, isShared, latestUnits, suspectedRate } from '../../../../src/domain/evidence/clearing.ts';
import { countFrom, countMore, countWithin } from '../../../../src/domain/evidence/recent-counts.ts';
import { defaultSuspicionRule, scaledBaseline, suspect } from '../../../../src/domain/evidence/suspicion.ts';
import { bucketOf, type Quadruple } from './samples.ts';

const recentOf = (units: number, bad: number) => countMore(countFrom(0), units, bad, 500);

test('suspicion needs 3 bad ones, twice the usual rate and 0.2 % more, and a chance below 1 in 10,000', () => {
  const usual = { units: 5_000, bad: 5 };
  const rule = defaultSuspicionRule;
  assert.equal(suspect(recentOf(2, 2), usual, rule, 500), null);
  assert.deepEqual(suspect(recentOf(3, 3), usual, rule, 500), { windowMs: 1_000, seen: { units: 3, bad: 3 } });
  assert.notEqual(suspect(recentOf(60, 3), usual, rule, 500), null, 'tail 7e-5');
  assert.equal(suspect(recentOf(70, 3), usual, rule, 500), null, 'tail above 1e-4');
  assert.equal(suspect(recentOf(10_000, 28), usual, rule, 500), null, 'less than 0.2 % more');
  assert.equal(suspect(recentOf(1_000, 190), { units: 5_000, bad: 500 }, rule, 500), null, 'less than twice');
  assert.equal(suspect(recentOf(50, 50), { units: 0, bad: 0 }, rule, 500), null, 'nothing to compare with');
});

test('a larger baseline is scaled down to 5,000, a smaller one is taken as it is', () => {
  assert.deepEqual(scaledBaseline({ units: 50_000, bad: 100 }, defaultSuspicionRule), { units: 5_000, bad: 10 });
  assert.deepEqual(scaledBaseline({ units: 720, bad: 1 }, defaultSuspicionRule), { units: 720, bad: 1 });
});

test('windows of 1, 10, 60 and 300 s reach back to the second, and not beyond the time counting began', () => {
  let recent = countFrom(0);
  for (let now = 100; now <= 400_000; now += 100) recent = countMore(recent, 1, now % 1_000 === 0 ? 1 : 0, now);
  assert.deepEqual(countWithin(recent, 1_000, 400_000), { units: 10, bad: 1 });
  for (const windowMs of [10_000, 60_000, 300_000]) {
    const { units } = countWithin(recent, windowMs, 400_000);
    assert.ok(units >= windowMs / 100 && units <= windowMs / 100 + 10, `${windowMs}: ${units}`);
  }
  assert.equal(countWithin(recentOf(7, 1), 300_000, 500).units, 7);
  assert.ok(recent.coarse.length <= 303 && recent.fine.length <= 13);
});

const shared = (counts: Quadruple, evidence: number) => isShared(bucketOf(counts), Math.log(evidence));

test('(a) an incident is shared with 5 bad ones on old at half the rate and E < 0.1, or at 0.8 of it, 5 on new and E < 2', () => {
  assert.equal(shared([10, 4, 25, 5], 0.09), true);
  assert.equal(shared([10, 4, 20, 4], 0.09), false, '4 on old');
  assert.equal(shared([10, 4, 26, 5], 0.09), false, 'less than half the rate');
  assert.equal(shared([10, 4, 25, 5], 0.11), false, 'not against the suspicion');
  assert.equal(shared([10, 5, 12, 5], 1.9), true);
  assert.equal(shared([10, 5, 12, 5], 2.1), false);
  assert.equal(shared([10, 4, 12, 5], 1.9), false, '4 on new');
  assert.equal(shared([10, 5, 13, 5], 1.9), false, 'less than 0.8 of the rate');
});

test('(b) a blip is over when 8 bad ones were expected in the last seconds and at most a quarter came', () => {
  const suspected = 0.1;
  assert.equal(isOver([{ units: 79, bad: 0 }], suspected), false);
  assert.equal(isOver([{ units: 80, bad: 2 }], suspected), true);
  assert.equal(isOver([{ units: 80, bad: 3 }], suspected), false);
});

test('(b) only as many of the last seconds are kept as make 8 expected', () => {
  let latest: ReturnType<typeof latestUnits> = [];
  for (let second = 0; second < 60; second += 1)
    latest = latestUnits(latest, { units: 10, bad: second < 30 ? 10 : 0 }, 0.1);
  assert.equal(latest.length, 8);
  assert.equal(isOver(latest, 0.1), true, 'what was bad before is forgotten');
});

const suspicionOf = (bad: number, units: number) => ({ windowMs: 1_000, seen: { units, bad } });

test('(b) the suspected rate is the lower bound of what was seen, at least the usual one and 0.2 %', () => {
  const usual = { units: 5_000, bad: 50 };
  assert.ok(Math.abs(suspectedRate(suspicionOf(100, 200), usual, 0.002) - (100 - 16.45) / 200) < 1e-9);
  assert.equal(suspectedRate(suspicionOf(3, 60), usual, 0.002), 0.012);
});
