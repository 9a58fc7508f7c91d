import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '../../../src/domain/deployment-state.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { describeQueueReason, nothingKnown, placeInQueue, type QueueFacts } from '../../../src/domain/queue.ts';

const times = { createdAt: '2026-01-01T00:00:00.000Z', startedAt: '2026-01-01T00:00:05.000Z' };

function deployment(number: number, state: DeploymentState): Deployment {
  const startedAt = state === 'pending' ? null : times.startedAt;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is looked at
  return { id: `id-${number}`, number, state, createdAt: times.createdAt, startedAt } as Deployment;
}

function place(of: Deployment, open: readonly Deployment[], facts: Partial<QueueFacts> = {}) {
  return placeInQueue({ deployment: of, facts: { ...nothingKnown, ...facts } }, open);
}

test('2.4 what waits behind another of its environment says behind which, and in which state that is', () => {
  for (const state of ['running', 'deploying', 'ready', 'paused'] as const) {
    const [active, waiting] = [deployment(41, state), deployment(42, 'pending')];
    const { waitsFor, since } = place(waiting, [active, waiting]);
    assert.deepEqual(waitsFor, { kind: 'environment', number: 41, state });
    assert.equal(since, times.createdAt);
    assert.equal(waitsFor && describeQueueReason(waitsFor, 'production'), `#41 is ${state} in production`);
  }
});

test('2.4 where nothing is active the order of the queue says who is served before: a rollback, though it came later', () => {
  const [rollback, waiting] = [deployment(43, 'pending'), deployment(42, 'pending')];
  assert.deepEqual(place(waiting, [rollback, waiting]).waitsFor, { kind: 'turn', number: 43 });
  assert.deepEqual(place(rollback, [rollback, waiting]).waitsFor, { kind: 'worker' });
});

test('2.4 what runs waits for nothing, since it started; a build without a place waits for one, since it was refused one', () => {
  const running = deployment(1, 'running');
  assert.deepEqual(place(running, [running]), { waitsFor: null, since: times.startedAt });
  const buildWaitsSince = '2026-01-01T00:00:09.000Z';
  assert.deepEqual(place(running, [running], { buildWaitsSince }), {
    waitsFor: { kind: 'build-place' },
    since: buildWaitsSince,
  });
});

test('2.4 what failed in a way that may pass says when it is tried again, and what is held that it is held', () => {
  const until = '2026-01-01T00:01:00.000Z';
  for (const state of ['running', 'pending'] as const) {
    const failed = deployment(1, state);
    assert.deepEqual(place(failed, [failed], { notBefore: until }).waitsFor, { kind: 'backoff', until });
  }
  const held = deployment(2, 'paused');
  assert.deepEqual(place(held, [held]).waitsFor, { kind: 'paused' });
});
