import assert from 'node:assert/strict';
import { test } from 'node:test';
import { graceWithinHold, holdParts } from '../../../src/domain/hold.ts';

test('5.2 an old version that stops within the hold keeps its whole stop grace', () => {
  assert.equal(graceWithinHold(10_000, 30_000, 0), 10_000);
  assert.equal(graceWithinHold(10_000, 30_000, 5_000), 10_000);
});

test('5.2 one that would take longer is stopped while there is time for the new one to start and for the old one to come back', () => {
  for (const heldMs of [0, 3_000, 5_000, 11_000]) {
    const graceMs = graceWithinHold(3_600_000, 30_000, heldMs);
    assert.ok(heldMs + graceMs <= 30_000 * holdParts.stopped, `${heldMs} ms held: ${graceMs} ms`);
  }
  assert.ok(holdParts.stopped < holdParts.passed && holdParts.passed + holdParts.leave < holdParts.returned);
});

test('5.2 after a crash that took the time it still gets a moment', () => {
  assert.equal(graceWithinHold(10_000, 30_000, 29_000), 3_000);
  assert.equal(graceWithinHold(1_000, 30_000, 29_000), 1_000);
});
