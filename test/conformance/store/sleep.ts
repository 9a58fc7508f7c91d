import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { stableOnly, type RouteMode } from '../../../src/domain/route.ts';
import { wakeBackoff } from '../../../src/domain/sleep.ts';
import type { Lease } from '../../../src/engine/ports/deployment-store.ts';
import type { StoreBench } from './bench.ts';
import { completed, observedPair, recordOf, rollbackOf } from './steps.ts';

export function sleepConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  const wantOf = async ({ deploymentId }: Lease) => (await recordOf(bench, deploymentId)).want;
  const hosts = async () => (await bench.deployments.route(bench.staging))?.hosts ?? [];

  /** Claims it for that, and does it. */
  async function turned(of: Lease, mode: RouteMode): Promise<void> {
    const lease = await bench.claim();
    assert.equal(lease?.deploymentId, of.deploymentId);
    const { slot } = await recordOf(bench, of.deploymentId);
    await bench.deployments.write(lease, { route: { ...stableOnly(slot ?? 0), mode }, wantDone: true });
    await bench.deployments.release(lease, 0);
  }

  async function asleep(): Promise<Lease> {
    const lease = await completed(bench, bench.staging);
    assert.equal(await bench.sleep.requestSleep(lease.deploymentId), true);
    await turned(lease, 'asleep');
    return lease;
  }

  test('rule 6: what serves is asked to sleep once, is claimed for that, and wakes when somebody comes', async () => {
    const lease = await completed(bench, bench.staging);
    const asked = await Promise.all([1, 2, 3].map(() => bench.sleep.requestSleep(lease.deploymentId)));
    assert.equal(asked.filter(Boolean).length, 1);
    assert.equal(await wantOf(lease), 'sleep');
    await turned(lease, 'asleep');
    assert.equal((await bench.deployments.route(bench.staging))?.target?.mode, 'asleep');
    assert.equal(await bench.claim(), null);
    assert.equal(await bench.sleep.requestSleep(lease.deploymentId), false, 'it sleeps');
    await bench.sleep.requestWake(['elsewhere.example']);
    assert.equal(await wantOf(lease), null);
    await bench.sleep.requestWake(await hosts());
    await bench.sleep.requestWake(await hosts());
    assert.equal(await wantOf(lease), 'wake');
    await turned(lease, 'serve');
    await bench.sleep.requestWake(await hosts());
    assert.equal(await wantOf(lease), null, 'it is awake');
  });

  test('rule 6: what waits to be deployed, is deployed, or is observed, keeps what serves awake', async () => {
    const lease = await completed(bench, bench.staging);
    const next = await bench.trigger(bench.staging);
    assert.equal(await bench.sleep.requestSleep(lease.deploymentId), false);
    const led = await bench.claim();
    assert.equal(led?.deploymentId, next);
    assert.equal(await bench.sleep.requestSleep(lease.deploymentId), false);
    await bench.reset();
    const { old, fresh } = await observedPair(bench, bench.staging);
    assert.equal(await bench.sleep.requestSleep(fresh.deploymentId), false);
    assert.equal(await bench.sleep.requestSleep(old.deploymentId), false);
  });

  test('rule 6: whoever deploys to what sleeps, or goes back there, waits until it is awake', async () => {
    const lease = await asleep();
    const next = await bench.trigger(bench.staging);
    await turned(lease, 'serve');
    assert.equal((await bench.claim())?.deploymentId, next);
    await bench.reset();
    const other = await asleep();
    const back = await bench.trigger(bench.staging, { origin: rollbackOf({ old: other, fresh: other }) });
    await turned(other, 'unwoken');
    assert.equal((await bench.claim())?.deploymentId, back, 'it goes on without it');
    assert.deepEqual(await bench.sleep.forgiveFailedWakes(), []);
  });

  test('rule 6: what was triggered while it fell asleep wakes it as soon as it sleeps', async () => {
    const lease = await completed(bench, bench.staging);
    await bench.sleep.requestSleep(lease.deploymentId);
    const led = await bench.claim();
    assert.ok(led);
    const { slot } = await recordOf(bench, lease.deploymentId);
    await bench.deployments.write(led, { route: { ...stableOnly(slot ?? 0), mode: 'asleep' } });
    const next = await bench.trigger(bench.staging);
    assert.equal(await bench.claim([lease.deploymentId]), null, 'somebody is at it');
    await bench.deployments.write(led, { wantDone: true });
    await bench.deployments.release(led, 0);
    assert.equal(await wantOf(lease), 'wake');
    await turned(lease, 'serve');
    assert.equal((await bench.claim())?.deploymentId, next);
  });

  test('rule 6: what stays awake after all is not woken for what was triggered meanwhile', async () => {
    const lease = await completed(bench, bench.staging);
    await bench.sleep.requestSleep(lease.deploymentId);
    const next = await bench.trigger(bench.staging);
    await turned(lease, 'serve');
    assert.equal(await wantOf(lease), null);
    assert.equal((await bench.claim())?.deploymentId, next);
  });

  test('rule 6: what did not wake is left alone for a while', async () => {
    const lease = await asleep();
    await bench.sleep.requestWake(await hosts());
    await turned(lease, 'unwoken');
    await bench.sleep.requestWake(await hosts());
    assert.equal(await wantOf(lease), null);
    assert.deepEqual(await bench.sleep.forgiveFailedWakes(), []);
  });

  test('rule 6: what did not wake any number of times is tried again after its time, unless something waits to be deployed', async () => {
    for (const wakesFailed of [1, 40, 1_500, 1_000_000]) {
      await bench.reset();
      const lease = await asleep();
      await bench.sleep.requestWake(await hosts());
      await turned(lease, 'unwoken');
      await bench.harness.failedToWake(bench.staging, wakesFailed, wakeBackoff.mostMs - 10_000);
      assert.deepEqual(await bench.sleep.forgiveFailedWakes(), wakesFailed === 1 ? [bench.staging] : []);
      if (wakesFailed === 1) continue;
      await bench.harness.failedToWake(bench.staging, wakesFailed, wakeBackoff.mostMs + 10_000);
      const next = await bench.trigger(bench.staging);
      assert.deepEqual(await bench.sleep.forgiveFailedWakes(), []);
      await bench.deployments.requestCancel(next);
      assert.deepEqual(await bench.sleep.forgiveFailedWakes(), [bench.staging]);
    }
  });

  test('rule 6: what is to sleep or wake is neither paused meanwhile nor kept from being deleted', async () => {
    const lease = await completed(bench, bench.staging);
    await bench.sleep.requestSleep(lease.deploymentId);
    await assert.rejects(bench.deployments.requestPause(lease.deploymentId, 'ann'), { code: 'illegal_transition' });
    await bench.markDeleting('staging');
    assert.equal(await bench.world.askToEnd(bench.deletionOf('staging')), 0);
    assert.equal(await wantOf(lease), null);
    assert.equal(await bench.sleep.requestSleep(lease.deploymentId), false);
  });
}
