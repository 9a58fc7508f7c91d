import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDue } from '../../../../src/domain/evidence/bucket.ts';
import { remember } from '../../../../src/domain/evidence/client-list.ts';
import { addClient, closeBuckets, emptyPart, talliesOf } from '../../../../src/domain/evidence/part.ts';
import { classify, stallTimeMs, stratumOf } from '../../../../src/domain/evidence/request-outcome.ts';
import { bucketOf, type Quadruple } from './samples.ts';

const bucket = (counts: Quadruple) => ({ openedAt: 0, tallies: bucketOf(counts), clients: [] });

test('a bucket closes with 20 units if both versions are in it, however little time has passed', () => {
  assert.equal(isDue(bucket([1, 0, 19, 0]), 0), true);
  assert.equal(isDue(bucket([1, 0, 18, 0]), 0), false);
  assert.equal(isDue(bucket([0, 0, 500, 0]), 60_000), false);
  assert.equal(isDue(bucket([500, 0, 0, 0]), 60_000), false);
});

test('a bucket closes after 10 s with more than one unit on each side, and after 30 s with one', () => {
  assert.equal(isDue(bucket([2, 0, 2, 0]), 9_999), false);
  assert.equal(isDue(bucket([2, 0, 2, 0]), 10_000), true);
  assert.equal(isDue(bucket([1, 0, 9, 0]), 29_999), false);
  assert.equal(isDue(bucket([1, 0, 1, 0]), 30_000), true);
});

test('closing a bucket depends on counts and time, never on outcomes', () => {
  for (const bad of [0, 1, 2]) assert.equal(isDue(bucket([2, bad, 17, bad]), 5_000), false);
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
