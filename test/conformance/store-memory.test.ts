import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDatabase } from '../simulation/memory/store/database.ts';
import { memoryStores } from '../simulation/memory/store/stores.ts';
import { leaseMs, StoreBench } from './store/bench.ts';
import {
  configurationStoreConformance,
  deploymentStoreConformance,
  rolloutStoreConformance,
} from './store/conformance.ts';
import { openMemoryStores } from './store/memory-stores.ts';
import { deploying, recordOf } from './store/steps.ts';

const driver = 'in memory';
deploymentStoreConformance(driver, openMemoryStores);
rolloutStoreConformance(driver, openMemoryStores);
configurationStoreConformance(driver, openMemoryStores);

/** A database on a clock of the test, with what one control plane sees of it. */
function onVirtualTime() {
  const database = new MemoryDatabase();
  const clock = { time: Date.parse('2026-01-01T00:00:00Z'), now: () => clock.time };
  const storesOf = (owner: number) => memoryStores(database, { clock, owner });
  const open = async () => ({
    ...storesOf(1),
    async openSession(owner: number) {
      database.sessions.open({ owner, onWakeup: () => undefined });
      return { [Symbol.asyncDispose]: async () => database.endSession(owner) };
    },
    failedToWake: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  });
  return { database, clock, storesOf, bench: new StoreBench(open) };
}

test('in memory: time is that of the clock it is given, and nothing else', async () => {
  const { bench, clock } = onVirtualTime();
  await bench.open();
  const id = await bench.trigger(bench.production);
  assert.equal((await recordOf(bench, id)).deployment.createdAt, '2026-01-01T00:00:00.000Z');
  const lease = await bench.claim();
  clock.time += leaseMs;
  assert.equal(await bench.claim(), null, 'it ends after its time, not with it');
  clock.time += 1;
  assert.equal((await bench.claim())?.epoch, (lease?.epoch ?? 0) + 1);
});

test('in memory: the end of a control plane lets go of what it held, in the middle of its work', async () => {
  const { bench, database, storesOf } = onVirtualTime();
  await bench.open();
  const { deploymentId } = await deploying(bench, bench.production);
  const dead = storesOf(99);
  const began = Promise.withResolvers<void>();
  void dead.world.whileOwning({ deploymentId, slot: 1 }, () => {
    began.resolve();
    return new Promise(() => undefined);
  });
  await began.promise;
  const freed = bench.world.freeSlot(deploymentId);
  assert.equal((await recordOf(bench, deploymentId)).slot, 1);
  database.endSession(99);
  await freed;
  assert.equal((await recordOf(bench, deploymentId)).slot, null);
});

for (const listens of [true, false])
  test(`in memory: a control plane that ${listens ? 'listens' : 'listens no more'} and dies as one part of it lets go of a slot holds it by no other part`, async () => {
    const { bench, database, storesOf } = onVirtualTime();
    await bench.open();
    const { deploymentId } = await deploying(bench, bench.production);
    const dead = storesOf(99);
    if (listens) database.sessions.open({ owner: 99, onWakeup: () => undefined });
    const first = dead.world.whileOwning({ deploymentId, slot: 1 }, () => Promise.resolve());
    const second = dead.world.whileOwning({ deploymentId, slot: 1 }, () => new Promise(() => undefined));
    void first.then(() => database.endSession(99));
    await assert.rejects(second, { code: 'database_unavailable' });
    await bench.world.freeSlot(deploymentId);
    assert.equal((await recordOf(bench, deploymentId)).slot, null);
  });

test('in memory: whoever has no session any more hears nothing more', async () => {
  const { bench, database } = onVirtualTime();
  await bench.open();
  const heard: string[] = [];
  database.sessions.open({ owner: 5, onWakeup: (id) => heard.push(id) });
  assert.deepEqual(heard, [], 'nothing is heard before the call has returned');
  const id = await bench.trigger(bench.production);
  await Promise.resolve();
  assert.deepEqual(heard, ['', id]);
  const last = bench.trigger(bench.staging);
  database.endSession(5);
  await last;
  await Promise.resolve();
  assert.deepEqual(heard, ['', id]);
});
