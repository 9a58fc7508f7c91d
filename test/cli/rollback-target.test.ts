import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastGoodBefore, type RollbackCandidate } from '../../src/domain/rollback-target.ts';

interface Given {
  readonly number: number;
  readonly completed?: false;
  /** It goes back to `to`, and takes back `from`. */
  readonly back?: { readonly to: number; readonly from: number };
}

/** The number that is gone back to from the newest one of `given` (oldest first) that was completed. */
function targetOf(...given: readonly Given[]): number | null {
  const deployments = given.map(candidate).toReversed();
  const current = deployments.find(({ completedAt }) => completedAt !== null);
  return lastGoodBefore(deployments, current?.id ?? null)?.number ?? null;
}

function candidate({ number, completed, back }: Given): RollbackCandidate {
  const origin =
    back === undefined ? null : { kind: 'rollback' as const, number: back.to, from: { number: back.from } };
  return { id: `d${number}`, number, completedAt: completed === false ? null : '2026-01-02T03:04:05.000Z', origin };
}

test('rule 5.7: the target is the last one before what serves that was completed', () => {
  assert.equal(targetOf({ number: 1 }, { number: 2 }, { number: 3 }), 2);
  assert.equal(targetOf({ number: 1 }, { number: 2, completed: false }, { number: 3 }), 1);
});

test('rule 5.7: there is none before the first, and none where nothing serves', () => {
  assert.equal(targetOf({ number: 1 }), null);
  assert.equal(targetOf({ number: 1, completed: false }), null);
  assert.equal(targetOf(), null);
});

test('rule 5.7: what was taken back is no good one', () => {
  assert.equal(targetOf({ number: 1 }, { number: 2 }, { number: 3, back: { to: 1, from: 2 } }, { number: 4 }), 3);
  assert.equal(targetOf({ number: 1 }, { number: 2 }, { number: 3, back: { to: 1, from: 2 } }), null);
});

test('rule 5.7: going back twice goes further back, not to and fro, and not to what was passed over', () => {
  assert.equal(
    targetOf({ number: 1 }, { number: 2 }, { number: 3 }, { number: 4 }, { number: 5, back: { to: 2, from: 4 } }),
    1,
  );
  assert.equal(targetOf({ number: 1 }, { number: 2 }, { number: 3 }, { number: 4, back: { to: 2, from: 3 } }), 1);
});
