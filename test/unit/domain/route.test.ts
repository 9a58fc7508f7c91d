import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedRoute, shareOfSlot, stableOnly } from '../../../src/domain/route.ts';

test('5.2 the shares of a route are all of its traffic', () => {
  const route = sharedRoute(1, 2, 30);
  assert.deepEqual([shareOfSlot(route, 1), shareOfSlot(route, 2), shareOfSlot(route, 3)], [70, 30, 0]);
  assert.deepEqual([shareOfSlot(stableOnly(1), 1), shareOfSlot(stableOnly(1), 2)], [100, 0]);
  assert.deepEqual([shareOfSlot(null, 1), shareOfSlot(route, null)], [0, 0]);
});
