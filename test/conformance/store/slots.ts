import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import type { Lease } from '../../../src/engine/ports/deployment-store.ts';
import type { StoreBench } from './bench.ts';
import { claimed, completed, deploying, observedPair, openWork, ready, recordOf, rollbackOf } from './steps.ts';

/** Whose a slot of the router is, and that it does not change hands while something is done there. */
export function slotConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  async function slotOf({ deploymentId }: Lease): Promise<number> {
    const { slot } = await recordOf(bench, deploymentId);
    assert.ok(slot !== null);
    return slot;
  }

  test('the lowest free slot is given out, also one that was given back', async () => {
    const [a, b] = [await claimed(bench, bench.production), await claimed(bench, bench.staging)];
    assert.deepEqual([await bench.deployments.takeSlot(a, 9), await bench.deployments.takeSlot(b, 9)], [1, 2]);
    await bench.world.freeSlot(a.deploymentId);
    assert.equal((await recordOf(bench, a.deploymentId)).slot, null);
    assert.equal(await bench.deployments.takeSlot(a, 9), 1);
    assert.deepEqual(
      (await bench.world.desired()).slots.toSorted((x, y) => x.slot - y.slot),
      [
        { slot: 1, deploymentId: a.deploymentId },
        { slot: 2, deploymentId: b.deploymentId },
      ],
    );
  });

  test('work for the owner of a slot is done; for anybody else it is not', async () => {
    const lease = await deploying(bench, bench.production);
    const slot = await slotOf(lease);
    let done = 0;
    const work = async () => void (done += 1);
    assert.equal(await bench.world.whileOwning({ deploymentId: lease.deploymentId, slot }, work), true);
    assert.equal(await bench.world.whileOwning({ deploymentId: randomUUID(), slot }, work), false);
    assert.equal(await bench.world.whileOwning({ deploymentId: lease.deploymentId, slot: slot + 1 }, work), false);
    assert.equal(done, 1);
  });

  /** How a slot can leave its deployment, which is on standby. */
  const leaving = {
    'when it is freed': (old: Lease) => bench.world.freeSlot(old.deploymentId),
    'when its deployment is stopped': (old: Lease) => bench.world.stopServing(old.deploymentId, 'replaced'),
    'when a write frees it': (old: Lease, rollback: Lease) =>
      bench.deployments.write(rollback, { freeSlotOf: old.deploymentId }),
    'when another deployment takes it over': (old: Lease, rollback: Lease) =>
      bench.deployments.write(rollback, { takeOver: { deploymentId: old.deploymentId } }),
  };
  for (const [when, leave] of Object.entries(leaving)) {
    test(`while work is done for its owner a slot stays: ${when} that waits`, async () => {
      const pair = await observedPair(bench, bench.production);
      const rollback = await claimed(bench, bench.production, { origin: rollbackOf(pair) });
      const slot = await slotOf(pair.old);
      const { work, began, end } = openWork();
      const order: string[] = [];
      const working = bench.world.whileOwning({ deploymentId: pair.old.deploymentId, slot }, async () => {
        await work();
        order.push('work');
      });
      await began;
      const left = leave(pair.old, rollback).then(() => order.push('left'));
      // Others are not kept waiting; and there was time.
      await completed(bench, bench.staging);
      assert.equal((await recordOf(bench, pair.old.deploymentId)).slot, slot);
      end();
      assert.equal(await working, true);
      await left;
      assert.deepEqual(order, ['work', 'left']);
      assert.notEqual((await recordOf(bench, pair.old.deploymentId)).slot, slot);
    });
  }

  test('two do their work in the same slot one after the other', async () => {
    const lease = await deploying(bench, bench.production);
    const owner = { deploymentId: lease.deploymentId, slot: await slotOf(lease) };
    let inside = 0;
    const work = async () => {
      inside += 1;
      assert.equal(inside, 1);
      await recordOf(bench, lease.deploymentId);
      inside -= 1;
    };
    const done = await Promise.all([1, 2, 3].map(() => bench.world.whileOwning(owner, work)));
    assert.deepEqual(done, [true, true, true]);
  });

  test('work that fails is told of, and the slot is let go', async () => {
    const lease = await deploying(bench, bench.production);
    const owner = { deploymentId: lease.deploymentId, slot: await slotOf(lease) };
    const failing = bench.world.whileOwning(owner, () => Promise.reject(new Error('no router')));
    await assert.rejects(failing, /no router/);
    await bench.world.freeSlot(lease.deploymentId);
    assert.equal((await recordOf(bench, lease.deploymentId)).slot, null);
  });

  test('while work is done in a free slot nobody takes it, and it is free again after that', async () => {
    const lease = await claimed(bench, bench.production);
    let taken: number | null = null;
    const done = await bench.world.whileFree(1, async () => {
      taken = await bench.deployments.takeSlot(lease, 9);
    });
    assert.deepEqual([done, taken], [true, 2]);
    assert.equal(await bench.deployments.takeSlot(await claimed(bench, bench.staging), 9), 1);
  });

  test('no work is done in a slot that is somebody’s', async () => {
    const slot = await slotOf(await ready(bench, bench.production));
    assert.equal(await bench.world.whileFree(slot, () => Promise.reject(new Error('not called'))), false);
  });

  test('a slot in which such work failed is nobody’s, and is freed like that of any deployment', async () => {
    await assert.rejects(
      bench.world.whileFree(3, () => Promise.reject(new Error('no router'))),
      /no router/,
    );
    const [left, ...others] = (await bench.world.desired()).slots;
    assert.ok(left !== undefined && others.length === 0);
    assert.equal(left.slot, 3);
    assert.equal(await bench.deployments.record(left.deploymentId).catch(() => null), null);
    assert.equal(await bench.world.whileOwning(left, async () => undefined), true);
    await bench.world.freeSlot(left.deploymentId);
    assert.deepEqual((await bench.world.desired()).slots, []);
  });
}
