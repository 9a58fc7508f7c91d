import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atLeast, atMost, quantile } from './figure.ts';

const figure = { bench: 'b', metric: 'm', value: 1.5, unit: 'x' };

test('a figure that is exactly at its bar meets it', () => {
  assert.equal(atMost(1.5, figure).ok, true);
  assert.equal(atLeast(1.5, figure).ok, true);
});

test('a figure beyond its bar, or that is not a number, misses it', () => {
  assert.equal(atMost(1.4, figure).ok, false);
  assert.equal(atLeast(1.6, figure).ok, false);
  assert.equal(atMost(1.5, { ...figure, value: Number.NaN }).ok, false);
});

test('the 95th percentile of 20 samples is the 19th, and the median of 3 the 2nd', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => 20 - index);
  assert.equal(quantile(twenty, 0.95), 19);
  assert.equal(quantile([9, 1, 5], 0.5), 5);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
