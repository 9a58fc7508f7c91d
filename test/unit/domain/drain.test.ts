import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDrainAction } from '../../../src/domain/drain.ts';

test('5.4 a drain is over when nothing is in flight', () => {
  assert.deepEqual(nextDrainAction({ sinceStartMs: 10, open: 0, openAtDeadline: null }, 30_000), { type: 'done' });
});

test('5.4 nothing is closed before the drain timeout', () => {
  for (const sinceStartMs of [0, 1_000, 29_999]) {
    assert.equal(nextDrainAction({ sinceStartMs, open: 5, openAtDeadline: null }, 30_000).type, 'wait');
  }
});

test('5.4 what is left at the timeout is closed one by one over a fifth of it', () => {
  const timeoutMs = 5_000;
  let open = 10;
  const closedAt: number[] = [];
  for (let now = timeoutMs; open > 0;) {
    const action = nextDrainAction({ sinceStartMs: now, open, openAtDeadline: 10 }, timeoutMs);
    if (action.type === 'close') {
      assert.equal(action.count, 1, 'one at a time');
      open -= action.count;
      closedAt.push(now - timeoutMs);
    } else if (action.type === 'wait') now += action.delayMs;
    else break;
  }
  assert.equal(closedAt.length, 10);
  assert.equal(closedAt[0], 0);
  assert.ok((closedAt.at(-1) ?? 0) >= 1_000 && (closedAt.at(-1) ?? 0) <= 1_001, String(closedAt));
});

test('5.4 a drain timeout of zero closes everything at once', () => {
  assert.deepEqual(nextDrainAction({ sinceStartMs: 0, open: 3, openAtDeadline: null }, 0), { type: 'close', count: 3 });
});

test('5.4 a session that does not go when it is closed does not keep the drain open for ever', () => {
  assert.equal(nextDrainAction({ sinceStartMs: 6_500, open: 1, openAtDeadline: 3 }, 5_000).type, 'close');
  assert.deepEqual(nextDrainAction({ sinceStartMs: 11_100, open: 1, openAtDeadline: 3 }, 5_000), { type: 'done' });
});
