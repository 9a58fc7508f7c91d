import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sharedRoute, stableOnly } from '../../../src/domain/route.ts';
import { leaseMs, type StoreBench } from './bench.ts';
import { completed, observedPair, ready, recordOf } from './steps.ts';

export function toldOutcomeConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  const observed = async () => (await bench.deployments.route(bench.production))?.target?.observed;

  /** Its observer moved the traffic away from it, then its worker took it back. */
  async function takenBackBeforeCompletion() {
    const old = await completed(bench, bench.production);
    const observation = { standbyId: old.deploymentId, endsInMs: 60_000 };
    const fresh = await ready(bench, bench.production, { observation });
    const { slot } = await recordOf(bench, old.deploymentId);
    assert.ok(slot !== null);
    await bench.deployments.write(fresh, { route: { ...stableOnly(slot), observed: true } });
    const verdict = { outcome: 'failed' as const, code: 'rolled_back' as const, reason: 'error rate' };
    await bench.deployments.write(fresh, {
      verdict,
      becomesCurrentAgain: old.deploymentId,
      transition: { type: 'failed' },
    });
  }

  test('5.6 after a rollback before completion every outcome is told until it is verified, and no longer', async () => {
    const world = bench.world;
    await takenBackBeforeCompletion();
    await world.stopTelling(60_000);
    assert.equal(await observed(), true, 'whether it has helped is looked into');
    await world.stopTelling(0);
    assert.equal(await observed(), false);
  });

  test('5.6 while an observation is open, or shares are given, every outcome is told', async () => {
    const world = bench.world;
    const { fresh, old } = await observedPair(bench, bench.production);
    const [next, before] = [await recordOf(bench, fresh.deploymentId), await recordOf(bench, old.deploymentId)];
    assert.ok(next.slot !== null && before.slot !== null);
    await bench.observations.claim(bench.owner, leaseMs);
    const move = { deploymentId: fresh.deploymentId, owner: bench.owner, timeline: [] };
    for (const target of [{ ...stableOnly(next.slot), observed: true }, sharedRoute(before.slot, next.slot, 50)]) {
      assert.equal(await bench.observations.moveTraffic({ ...move, target }), true);
      await world.stopTelling(0);
      assert.equal(await observed(), true);
    }
  });

  test('5.6 what should exist says which version is on standby for which', async () => {
    const { fresh, old } = await observedPair(bench, bench.production);
    const { deployments } = await bench.world.desired();
    const standbys = Object.fromEntries(deployments.map(({ deployment, standbyId }) => [deployment.id, standbyId]));
    assert.deepEqual(standbys, { [fresh.deploymentId]: old.deploymentId, [old.deploymentId]: null });
  });
}
