import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { RollbackRequest } from '../../../src/engine/ports/deployment-store.ts';
import { token, type StoreBench } from './bench.ts';
import { completed, deploying, observedPair, ready, recordOf, rollbackOf, stateOf } from './steps.ts';

export function requestRollbackConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  async function heldBy(): Promise<string | null> {
    const environment = await bench.configuration.environments.find(bench.projectId, 'production');
    assert.ok(environment);
    return environment.autoDeployHeld;
  }

  test('5.7 a rollout that somebody goes back from is wanted to be taken back, told so, and auto-deploy is held', async () => {
    const old = await completed(bench, bench.production);
    const fresh = await deploying(bench, bench.production);
    const waiting = await bench.trigger(bench.production);
    assert.equal(await bench.deployments.requestRollback(request(fresh.deploymentId, old.deploymentId)), true);
    const { want, wantedVerdict, deployment } = await recordOf(bench, fresh.deploymentId);
    const reason = 'rolled back to #1 by ann';
    assert.deepEqual([want, wantedVerdict], ['take-back', { outcome: 'failed', code: 'rolled_back', reason }]);
    assert.equal(deployment.state, 'deploying', 'its worker does it');
    assert.equal(await heldBy(), reason);
    assert.equal(await stateOf(bench, waiting), 'cancelled', 'whoever goes back wants nothing newer');
    const timeline = await bench.queries.timeline(fresh.deploymentId, 0, 100);
    assert.deepEqual(timeline.at(-1)?.entry, { kind: 'rollback.decided', to: 1, reason: 'asked for by ann' });
  });

  test('5.6 what is gone back to may have been found bad meanwhile: its own rollback still waits', async () => {
    const pair = await observedPair(bench, bench.production);
    const rollout = await deploying(bench, bench.production);
    const automatic = await bench.trigger(bench.production, { origin: rollbackOf(pair, true) });
    const back = request(rollout.deploymentId, pair.fresh.deploymentId);
    assert.equal(await bench.deployments.requestRollback(back), true);
    assert.equal(await stateOf(bench, automatic), 'pending');
  });

  test('5.7 after its switch a rollout is taken back only while the version before is on standby', async () => {
    for (const kept of [true, false]) {
      await bench.reset();
      const old = await completed(bench, bench.production);
      const observation = { standbyId: kept ? old.deploymentId : null, endsInMs: 60_000 };
      const fresh = await ready(bench, bench.production, { observation });
      assert.equal(await bench.deployments.requestRollback(request(fresh.deploymentId, old.deploymentId)), kept);
      const { want } = await recordOf(bench, fresh.deploymentId);
      assert.deepEqual([want, await heldBy()], kept ? ['take-back', 'rolled back to #1 by ann'] : [null, null]);
    }
  });

  test('5.7 what is completed is no rollout: nothing is changed', async () => {
    const old = await completed(bench, bench.production);
    const fresh = await completed(bench, bench.production);
    assert.equal(await bench.deployments.requestRollback(request(fresh.deploymentId, old.deploymentId)), false);
    assert.equal(await heldBy(), null);
  });

  test('5.7 where everything is being deleted nobody goes back', async () => {
    const old = await completed(bench, bench.production);
    const fresh = await deploying(bench, bench.production);
    await bench.markDeleting('production');
    assert.equal(await bench.deployments.requestRollback(request(fresh.deploymentId, old.deploymentId)), false);
    assert.equal((await recordOf(bench, fresh.deploymentId)).want, null);
  });

  test('5.7 a rollout that is paused is taken back too', async () => {
    const old = await completed(bench, bench.production);
    const fresh = await deploying(bench, bench.production);
    await bench.deployments.requestPause(fresh.deploymentId, 'ann');
    await bench.deployments.write(fresh, { transition: { type: 'paused' }, wantDone: true });
    await bench.deployments.release(fresh, 0);
    assert.equal(await bench.deployments.requestRollback(request(fresh.deploymentId, old.deploymentId)), true);
    assert.equal((await bench.claim())?.deploymentId, fresh.deploymentId);
  });

  test('5.7 the same key is answered once, also when a rollback is asked for again later, and not with another request', async () => {
    const old = await completed(bench, bench.production);
    const fresh = await deploying(bench, bench.production);
    const idempotency = { key: 'once', tokenId: token, requestHash: 'same' };
    const asked = request(fresh.deploymentId, old.deploymentId, { idempotency });
    assert.equal(await bench.deployments.requestRollback(asked), true);
    assert.equal(await bench.deployments.requestRollback(asked), true);
    const other = request(fresh.deploymentId, old.deploymentId, {
      idempotency: { ...idempotency, requestHash: 'other' },
    });
    await assert.rejects(bench.deployments.requestRollback(other), { code: 'idempotency_mismatch' });
    const later = await bench.create(bench.production, { key: 'once' });
    assert.deepEqual(later, { deploymentId: fresh.deploymentId, replayed: true });
  });
}

function request(deploymentId: string, toId: string, change: Partial<RollbackRequest> = {}): RollbackRequest {
  return { deploymentId, to: { deploymentId: toId, number: 1 }, by: 'ann', idempotency: null, ...change };
}
