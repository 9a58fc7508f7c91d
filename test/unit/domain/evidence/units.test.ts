import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDue } from '../../../../src/domain/evidence/bucket.ts';
import { compare, newComparison, type Comparison } from '../../../../src/domain/evidence/comparison.ts';
import { remember } from '../../../../src/domain/evidence/client-list.ts';
import { addBucket, noEvidence } from '../../../../src/domain/evidence/evidence.ts';
import { addClient, closeBuckets, emptyPart, talliesOf } from '../../../../src/domain/evidence/part.ts';
import { classify, stallTimeMs, stratumOf } from '../../../../src/domain/evidence/request-outcome.ts';
import { noTallies } from '../../../../src/domain/evidence/tally.ts';
import { bucketOf, seeded, type Quadruple } from './samples.ts';

const bucket = (counts: Quadruple) => ({ openedAt: 0, tallies: bucketOf(counts), clients: [] });

test('a bucket closes with 8 units if both versions are in it, however little time has passed', () => {
  assert.equal(isDue(bucket([1, 0, 7, 0]), 0), true);
  assert.equal(isDue(bucket([1, 0, 6, 0]), 0), false);
  assert.equal(isDue(bucket([0, 0, 500, 0]), 60_000), false);
  assert.equal(isDue(bucket([500, 0, 0, 0]), 60_000), false);
});

test('a bucket closes after 10 s with more than one unit on each side, and after 30 s with one', () => {
  assert.equal(isDue(bucket([2, 0, 2, 0]), 9_999), false);
  assert.equal(isDue(bucket([2, 0, 2, 0]), 10_000), true);
  assert.equal(isDue(bucket([1, 0, 5, 0]), 29_999), false);
  assert.equal(isDue(bucket([1, 0, 1, 0]), 30_000), true);
});

test('closing a bucket depends on counts and time, never on outcomes', () => {
  for (const bad of [0, 1, 2]) assert.equal(isDue(bucket([2, bad, 5, bad]), 5_000), false);
});

const call = (version: 'new' | 'old', at: number, bad = false) => ({ version, client: null, bad, slot: 0, at });
const openUnits = ({ all }: Comparison) => {
  const { new: fresh, old } = all.open.request?.tallies ?? noTallies;
  return fresh.units + old.units;
};

test('a bucket ends with its 8th call, or with the first of the other version after it, however many come at once', () => {
  const olds = (count: number) => Array.from({ length: count }, () => call('old', 0));
  const first = compare(newComparison, { counts: [], calls: [call('new', 0), ...olds(17)] }, 0);
  assert.equal(openUnits(first), 10, '8, and 10 that are all old');
  assert.equal(openUnits(compare(first, { counts: [], calls: [call('new', 0), ...olds(3)] }, 0)), 3);
});

test('what was counted together stays together in one bucket', () => {
  const of = { stratum: 'request', slot: 0 } as const;
  const counts = [
    { ...of, version: 'new', units: 30, bad: 1 },
    { ...of, version: 'old', units: 60, bad: 3 },
    { ...of, version: 'new', units: 3, bad: 3 },
  ] as const;
  const compared = compare(newComparison, { counts, calls: [] }, 0);
  assert.deepEqual(compared.all.evidence, addBucket(noEvidence, bucketOf([33, 4, 60, 3])));
});

test('what came later than a bucket may grow old is in the next one, whenever somebody looks', () => {
  const calls = [call('new', 0), call('new', 1), call('old', 2), call('old', 3), call('old', 10_001)];
  const looked = [3, 10_050].map((now) => compare(newComparison, { counts: [], calls: calls.slice(0, 4) }, now));
  const ends = looked.map((one) => compare(one, { counts: [], calls: calls.slice(4) }, 10_051));
  assert.deepEqual(ends.map(openUnits), [1, 1]);
  assert.deepEqual(ends[0]?.all.evidence, ends[1]?.all.evidence);
});

test('the evidence does not depend on how often somebody looks', () => {
  const random = seeded(7);
  const calls = Array.from({ length: 500 }, (_, at) => call(random() < 0.2 ? 'new' : 'old', at, random() < 0.3));
  const once = compare(newComparison, { counts: [], calls }, 500);
  let often = newComparison;
  for (const one of calls) often = compare(often, { counts: [], calls: [one] }, one.at);
  assert.deepEqual(often.all.evidence, once.all.evidence);
  assert.notEqual(once.logEvidence, 0);
  assert.equal(often.logEvidence, once.logEvidence);
});

test('a client is one unit per bucket, and none after its first bad outcome', () => {
  let part = emptyPart;
  for (const bad of [false, false, true, true, false]) part = addClient(part, 'new', { client: 'c', bad }, 0);
  assert.deepEqual(talliesOf(part).new, { units: 1, bad: 1 });
  part = closeBuckets(part, 0, true);
  part = addClient(part, 'new', { client: 'c', bad: true }, 0);
  assert.deepEqual(talliesOf(part).new, { units: 1, bad: 1 }, 'not at risk any more');
  part = addClient(part, 'old', { client: 'd', bad: false }, 0);
  part = closeBuckets(part, 0, true);
  part = addClient(part, 'old', { client: 'd', bad: true }, 0);
  assert.deepEqual(talliesOf(part).old, { units: 2, bad: 1 }, 'one that is well is a unit of every bucket');
});

test('at most 2,000 clients are remembered, the newest of them', () => {
  let list: readonly string[] = [];
  for (let i = 0; i < 2_005; i += 1) list = remember(list, `c${i}`);
  assert.equal(list.length, 2_000);
  assert.deepEqual([list[0], list.at(-1)], ['c5', 'c2004']);
});

const classOf = (status: number | null, termination: Parameters<typeof classify>[0]['termination']) =>
  classify({ status, termination });

test('bad: 5xx, refused, no answer, cut by the app, stalled. Dropped: the client went away. Good: 1xx to 4xx', () => {
  for (const status of [500, 502, 504, 599]) assert.equal(classOf(status, 'complete'), 'bad');
  for (const status of [101, 200, 301, 404, 429, 499]) assert.equal(classOf(status, 'complete'), 'good');
  for (const termination of ['refused', 'no-response', 'stalled'] as const)
    assert.equal(classOf(null, termination), 'bad');
  assert.equal(classOf(200, 'cut-by-server'), 'bad');
  for (const status of [null, 200, 503]) assert.equal(classOf(status, 'client-gone'), 'dropped');
  assert.equal(classOf(null, 'complete'), 'dropped');
});

test('a call with a version cookie is its client, one without is a request', () => {
  assert.deepEqual([stratumOf({ client: 'a' }), stratumOf({ client: null })], ['client', 'request']);
});

test('a request stalls after 10 times the old p99, at least 5 s, at most 30 s', () => {
  assert.deepEqual([0, 100, 500, 800, 3_000, 9_000].map(stallTimeMs), [5_000, 5_000, 5_000, 8_000, 30_000, 30_000]);
  assert.equal(stallTimeMs(null), 30_000);
});
