import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastGoodBefore, versionNumber, type RollbackCandidate } from '../../../src/domain/rollback-target.ts';

const completedAt = '2026-01-01T00:00:00Z';

function built(number: number): RollbackCandidate {
  return { id: `id-${number}`, number, completedAt, origin: null };
}

function failed(number: number): RollbackCandidate {
  return { ...built(number), completedAt: null };
}

function rollback(number: number, to: number, from: number | null): RollbackCandidate {
  return { ...built(number), origin: { kind: 'rollback', number: to, from: from === null ? null : { number: from } } };
}

/** Given oldest first; the last one serves. */
function target(...deployments: readonly RollbackCandidate[]): number | null {
  return lastGoodBefore(deployments.toReversed(), deployments.at(-1)?.id ?? null)?.number ?? null;
}

test('5.7 the default is the one before, where that was completed', () => {
  assert.equal(target(built(1), built(2)), 1);
  assert.equal(target(built(1), failed(2), built(3)), 1);
  assert.equal(target(built(1)), null);
  assert.equal(lastGoodBefore([built(1)], null), null);
});

test('5.7 nobody goes back to what was gone back from', () => {
  assert.equal(target(built(1), built(2), rollback(3, 1, 2), built(4)), 3);
  assert.equal(target(built(1), built(2), rollback(3, 1, 2)), null);
});

test('5.7 from a rollback the next default is older than what it went back to, never what was passed over', () => {
  assert.equal(target(built(1), built(2), built(3), built(4), rollback(5, 2, 4)), 1);
  const chain = [built(1), built(2), built(3), built(4), rollback(5, 2, 4), built(6), rollback(7, 5, 6)] as const;
  assert.equal(target(...chain), 1, 'also where it went back to a rollback');
});

test('5.8 a rollback is as old as the version that it runs, over any number of rollbacks', () => {
  const all = [built(1), built(2), rollback(3, 1, 2), built(4), rollback(5, 3, 4)];
  assert.deepEqual(
    all.map((one) => versionNumber(all, one)),
    [1, 2, 1, 4, 1],
  );
  assert.equal(versionNumber([], rollback(9, 7, null)), 7, 'what is not known is taken as it is named');
});
