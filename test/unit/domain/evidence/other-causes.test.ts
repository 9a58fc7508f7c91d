import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashLoop } from '../../../../src/domain/evidence/crash-loop.ts';
import { fixForwardWindowMs, isFixForward } from '../../../../src/domain/evidence/fix-forward.ts';
import {
  healthProbeIntervalMs,
  isUnhealthyAlone,
  type ProbePair,
} from '../../../../src/domain/evidence/health-cause.ts';
import { describeNoticeable, noticeableRate } from '../../../../src/domain/evidence/noticeable-rate.ts';
import { defaultObservationSettings as settings } from '../../../../src/domain/evidence/observation-settings.ts';
import { percent } from '../../../../src/domain/evidence/tally.ts';
import { verifyRollback } from '../../../../src/domain/evidence/verify-rollback.ts';

const exits = (...seconds: number[]) => seconds.map((second) => ({ at: second * 1_000, outOfMemory: false }));

test('a crash loop is 2 exits in 60 s, 3 in 5 min, one within 10 s of the first traffic, or out of memory twice', () => {
  assert.equal(crashLoop([], 0), null);
  assert.equal(crashLoop(exits(10), 0), 'an exit within 10 s of the first traffic');
  assert.equal(crashLoop(exits(11), 0), null);
  assert.equal(crashLoop(exits(11), null), null);
  assert.equal(crashLoop(exits(100, 160), 0), '2 exits within 60 s');
  assert.equal(crashLoop(exits(100, 161), 0), null);
  assert.equal(crashLoop(exits(100, 250, 400), 0), '3 exits within 5 min');
  assert.equal(crashLoop(exits(100, 250, 401), 0), null);
  const outOfMemory = [100, 800].map((second) => ({ at: second * 1_000, outOfMemory: true }));
  assert.equal(crashLoop(outOfMemory, 0), 'out of memory twice');
  assert.equal(crashLoop(outOfMemory.slice(1), 0), null);
});

const pair = (fresh: ProbePair['fresh'], standby: ProbePair['standby']): ProbePair => ({ fresh, standby });

test('health rolls back after 3 failures in a row while the standby passed each time', () => {
  const bad = pair('failed', 'passed');
  assert.equal(healthProbeIntervalMs, 5_000);
  assert.equal(isUnhealthyAlone([bad, bad]), false);
  assert.equal(isUnhealthyAlone([bad, bad, bad]), true);
  assert.equal(isUnhealthyAlone([bad, bad, pair('passed', 'passed'), bad]), false);
  assert.equal(isUnhealthyAlone([bad, pair('failed', 'failed'), bad]), false, 'a shared cause');
  assert.equal(isUnhealthyAlone([bad, bad, pair('failed', null)]), false, 'nothing to compare with');
});

test('fix-forward: the old version is down, or 20 % bad in the last 5 min', () => {
  assert.equal(fixForwardWindowMs, 300_000);
  assert.equal(isFixForward('running', { units: 100, bad: 20 }), true);
  assert.equal(isFixForward('running', { units: 100, bad: 19 }), false);
  assert.equal(isFixForward('running', { units: 0, bad: 0 }), false);
  assert.equal(isFixForward('stopped', { units: 0, bad: 0 }), true);
  assert.equal(isFixForward('none', { units: 0, bad: 0 }), false);
});

test('a rollback was an incident if the old version then fails at least half as often', () => {
  assert.equal(verifyRollback(0.4, { units: 100, bad: 20 }), 'incident-not-this-version');
  assert.equal(verifyRollback(0.4, { units: 100, bad: 19 }), 'confirmed');
  assert.equal(verifyRollback(0, { units: 100, bad: 0 }), 'confirmed', 'a crash loop has no rate');
  assert.equal(verifyRollback(1, { units: 0, bad: 0 }), 'confirmed');
});

test('what could not have been seen: 10.5 failures are needed, so 180 requests show 6 % and 4 show nothing', () => {
  const usual = { units: 5_000, bad: 0 };
  assert.equal(
    describeNoticeable(180, usual, settings),
    'this deployment saw 180 requests: failures below about 6 % would not have been noticed',
  );
  assert.equal(
    describeNoticeable(4, usual, settings),
    'this deployment saw 4 requests: too few to notice any failure by',
  );
  assert.equal(noticeableRate(10, usual, settings), null);
  assert.ok((noticeableRate(11, usual, settings) ?? 0) > 0.9);
  assert.equal(noticeableRate(1e6, usual, settings), 0.002, 'delta');
  assert.equal(noticeableRate(1e6, { units: 5_000, bad: 250 }, settings), 0.1, 'twice the usual rate');
});

test('rates are told with the digits that matter', () => {
  assert.deepEqual([0, 0.124, 0.003, 0.0123, 1, 0.00004].map(percent), [
    '0 %',
    '12.4 %',
    '0.3 %',
    '1.2 %',
    '100 %',
    '0.004 %',
  ]);
});
