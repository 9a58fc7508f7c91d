import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { FencedError, type Lease } from '../../src/engine/ports/deployment-store.ts';
import { SlotTaker } from '../../src/store/take-slot.ts';
import { StoreBench } from '../conformance/store/bench.ts';
import { openPostgresStores } from './postgres-stores.ts';

const stores = await openPostgresStores();
const bench = new StoreBench(() => Promise.resolve(stores));
await bench.open();
after(() => bench.close());
beforeEach(() => bench.reset());

async function claimed(environmentId: string): Promise<Lease> {
  await bench.trigger(environmentId);
  const lease = await bench.claim();
  assert.ok(lease !== null);
  return lease;
}

test('control planes that want a slot at the same moment get one each, and none is left out', async () => {
  const { db } = stores.database;
  for (let round = 0; round < 20; round += 1) {
    const leases = [await claimed(bench.production), await claimed(bench.staging)];
    const slots = await Promise.all(leases.map((lease) => new SlotTaker(db).take(lease, 2)));
    assert.deepEqual(new Set(slots), new Set([1, 2]));
    await bench.reset();
  }
});

test('a slot that was refused keeps nobody else waiting', async () => {
  const slots = new SlotTaker(stores.database.db);
  const lease = await claimed(bench.production);
  const refused = slots.take({ ...lease, epoch: lease.epoch + 1 }, 2);
  const [, taken] = await Promise.allSettled([refused, slots.take(lease, 2)]);
  await assert.rejects(refused, FencedError);
  assert.deepEqual(taken, { status: 'fulfilled', value: 1 });
});
