import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secondHighest } from './bench-case.ts';

test('of ten repetitions one may be bad; of fewer than three none', () => {
  assert.equal(secondHighest([4, 9, 5, 5, 5, 5, 5, 30, 5, 5]), 9);
  assert.equal(secondHighest([4, 9]), 9);
  assert.equal(secondHighest([7]), 7);
  assert.ok(Number.isNaN(secondHighest([])), 'a figure without a repetition misses its bar');
});
