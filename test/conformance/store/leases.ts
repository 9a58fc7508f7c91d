import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { stableOnly } from '../../../src/domain/route.ts';
import { FencedError } from '../../../src/engine/ports/deployment-store.ts';
import { eventually, leaseMs, type StoreBench } from './bench.ts';
import { claimed, completed, deploying, ready, recordOf, stateOf } from './steps.ts';

/** Who may lead a deployment, and for how long. */
export function leaseConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  test('what was given back for later is not claimed before then', async () => {
    const lease = await claimed(bench, bench.production);
    await bench.deployments.release(lease, 60_000);
    assert.equal(await bench.claim(), null);
    await bench.deployments.release(lease, 0);
    assert.equal((await bench.claim())?.deploymentId, lease.deploymentId);
  });

  test('a wait that is longer than any was written before the clock was set back, and does not count', async () => {
    const lease = await claimed(bench, bench.production);
    await bench.deployments.release(lease, 3_600_000);
    assert.equal((await bench.claim())?.deploymentId, lease.deploymentId);
  });

  test('whoever lost a lease gives nothing back and extends nothing', async () => {
    const old = await claimed(bench, bench.production);
    await bench.deployments.release(old, 0);
    const fresh = await bench.claim();
    assert.ok(fresh);
    await bench.deployments.release(old, 0);
    assert.equal(await bench.claim(), null);
    assert.deepEqual([...(await bench.deployments.heartbeat([old], -1))], []);
    assert.equal(await bench.claim(), null);
    assert.deepEqual([...(await bench.deployments.heartbeat([old, fresh], leaseMs))], [[fresh.deploymentId, null]]);
  });

  test('what is wanted is told to whoever holds the lease, and asking extends nothing', async () => {
    const old = await claimed(bench, bench.production);
    await bench.deployments.release(old, 0);
    const fresh = await bench.claim();
    assert.ok(fresh);
    await bench.deployments.requestCancel(fresh.deploymentId);
    assert.deepEqual([...(await bench.deployments.wanted([old, fresh]))], [[fresh.deploymentId, 'cancel']]);
    await bench.deployments.heartbeat([fresh], -1);
    assert.equal((await bench.deployments.wanted([fresh])).size, 1);
    assert.equal((await bench.claim())?.epoch, fresh.epoch + 1);
    assert.deepEqual([...(await bench.deployments.wanted([fresh]))], []);
  });

  test('a process does not claim what it leads already, although the lease has run out', async () => {
    const lease = await claimed(bench, bench.production);
    await bench.deployments.heartbeat([lease], -1);
    assert.equal(await bench.claim([lease.deploymentId]), null);
    assert.equal((await bench.claim())?.epoch, lease.epoch + 1);
  });

  test('what was left goes before what waits, also before production', async () => {
    const left = await deploying(bench, bench.staging);
    await bench.trigger(bench.production);
    await bench.deployments.heartbeat([left], -1);
    assert.equal((await bench.claim())?.deploymentId, left.deploymentId);
    assert.equal((await bench.claim())?.environmentId, bench.production);
  });

  test('who goes on after a crash has the fence of whoever began, and the times stay', async () => {
    const lease = await claimed(bench, bench.production);
    const before = (await recordOf(bench, lease.deploymentId)).deployment.startedAt;
    await bench.deployments.release(lease, 0);
    await eventually(Date.now, (now) => now > Date.parse(before ?? '') + 1);
    assert.equal((await bench.claim())?.fence, lease.fence);
    const after = (await recordOf(bench, lease.deploymentId)).deployment.startedAt;
    assert.ok(before !== null && before === after);
  });

  test('2.2 that it was claimed is on the timeline once, however often it is claimed', async () => {
    const lease = await claimed(bench, bench.production);
    await bench.deployments.release(lease, 0);
    await bench.claim();
    const entries = (await bench.queries.timeline(lease.deploymentId, 0, 100)).map(({ entry }) => entry);
    assert.deepEqual(entries, [
      { kind: 'state.changed', from: null, to: 'pending', reason: null },
      { kind: 'state.changed', from: 'pending', to: 'running', reason: null },
    ]);
  });

  test('2.4 of two environments that are not production, the one that has waited longer is first', async () => {
    const { environments } = bench.configuration;
    const settings = (await environments.find(bench.projectId, 'staging'))?.settings;
    assert.ok(settings);
    const preview = { id: randomUUID(), name: 'preview', settings, hosts: ['preview.shop.test'] };
    await environments.create(bench.projectId, preview);
    const first = await bench.trigger(preview.id);
    const second = await bench.trigger(bench.staging);
    assert.deepEqual([(await bench.claim())?.deploymentId, (await bench.claim())?.deploymentId], [first, second]);
    await environments.markDeleting(bench.projectId, 'preview');
    await bench.world.erase({ ...bench.deletionOf('staging'), id: preview.id });
  });

  test('nothing that is over is claimed, and nothing that is completed and wanted by nobody', async () => {
    const done = await completed(bench, bench.production);
    const failed = await claimed(bench, bench.production);
    await bench.deployments.write(failed, { transition: { type: 'failed' } });
    await bench.deployments.requestCancel(await bench.trigger(bench.staging));
    assert.equal(await bench.claim(), null);
    assert.deepEqual(
      [await stateOf(bench, done.deploymentId), await stateOf(bench, failed.deploymentId)],
      ['completed', 'failed'],
    );
  });

  test('whoever led it to its end may still write about it, until somebody else claims it', async () => {
    const lease = await ready(bench, bench.production);
    await bench.deployments.write(lease, { transition: { type: 'predecessor-drained' } });
    await bench.deployments.write(lease, { requests: { total: 10, failed: 0 } });
    assert.deepEqual((await recordOf(bench, lease.deploymentId)).deployment.requests, { total: 10, failed: 0 });
    await bench.deployments.requestPause(lease.deploymentId, 'ann');
    assert.ok(await bench.claim());
    await assert.rejects(bench.deployments.write(lease, { requests: { total: 11, failed: 0 } }), FencedError);
  });

  test('instances and slots are for whoever holds the lease alone', async () => {
    const old = await claimed(bench, bench.production);
    await bench.deployments.release(old, 0);
    await bench.claim();
    const instance = { id: randomUUID(), process: 'web', ordinal: 1, port: 3000 };
    await assert.rejects(bench.deployments.addInstances(old, [instance]), FencedError);
    await assert.rejects(bench.deployments.takeSlot(old, 10), FencedError);
    const { instances, slot } = await recordOf(bench, old.deploymentId);
    assert.deepEqual([instances, slot], [[], null]);
  });

  test('5.9 instances that are on record are left as they are when they are added again', async () => {
    const lease = await claimed(bench, bench.production);
    const first = { id: randomUUID(), process: 'web', ordinal: 1, port: 3000 };
    await bench.deployments.addInstances(lease, [first]);
    await bench.deployments.write(lease, { instances: [{ id: first.id, phase: 'passed', address: '10.0.0.1' }] });
    const again = { ...first, id: randomUUID(), port: 4000 };
    const told = await bench.deployments.addInstances(lease, [again, { ...again, id: randomUUID(), ordinal: 2 }]);
    const { instances } = await recordOf(bench, lease.deploymentId);
    assert.deepEqual(
      told.toSorted((a, b) => a.ordinal - b.ordinal),
      instances,
    );
    assert.deepEqual(
      instances.map(({ id, ordinal, port, phase, address }) => [id === first.id, ordinal, port, phase, address]),
      [
        [true, 1, 3000, 'passed', '10.0.0.1'],
        [false, 2, 4000, 'starting', null],
      ],
    );
  });

  test('2.4 a route is taken away by the holder of the newest fence, and by nobody older', async () => {
    const old = await ready(bench, bench.production);
    await bench.deployments.write(old, { transition: { type: 'failed' } });
    const fresh = await claimed(bench, bench.production);
    await bench.deployments.write(fresh, { route: stableOnly(2) });
    await bench.deployments.write(old, { route: null });
    assert.deepEqual((await bench.deployments.route(bench.production))?.target, stableOnly(2));
    await bench.deployments.write(fresh, { route: null });
    assert.equal((await bench.deployments.route(bench.production))?.target, null);
  });

  test('every change of a route has a higher number than all before it, also where it was taken away in between', async () => {
    const lease = await ready(bench, bench.production);
    const numbers: number[] = [];
    const note = async (environment: string) => {
      const { revision = null } = (await bench.deployments.route(environment)) ?? {};
      if (revision !== null) numbers.push(revision);
    };
    await note(bench.production);
    await bench.deployments.write(lease, { route: { ...stableOnly(1), observed: true } });
    await note(bench.production);
    await bench.world.stopTelling(0);
    await note(bench.production);
    await ready(bench, bench.staging);
    await note(bench.staging);
    await bench.deployments.write(lease, { route: null });
    await note(bench.production);
    numbers.push(await bench.deployments.drawRevision());
    await bench.deployments.write(lease, { route: stableOnly(1) });
    await note(bench.production);
    assert.equal(numbers.length, 6);
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((a, b) => a - b),
    );
  });

  test('a write that is refused at its last part changes nothing of the others', async () => {
    const old = await ready(bench, bench.production);
    await bench.deployments.write(old, { transition: { type: 'failed' } });
    const fresh = await claimed(bench, bench.production);
    await bench.deployments.write(fresh, { route: stableOnly(2) });
    const before = await recordOf(bench, old.deploymentId);
    const entries = await bench.queries.timeline(old.deploymentId, 0, 100);
    const write = {
      becomesCurrent: true,
      reason: 'x',
      observation: { standbyId: null },
      timeline: [{ kind: 'alert', message: 'x' }],
      route: stableOnly(9),
    } as const;
    await assert.rejects(bench.deployments.write(old, write), FencedError);
    assert.deepEqual(await recordOf(bench, old.deploymentId), before);
    assert.deepEqual(await bench.queries.timeline(old.deploymentId, 0, 100), entries);
    assert.equal(await bench.queries.observation(old.deploymentId), null);
  });
}
