import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { JournalBench } from './journal-setup.ts';

const bench = new JournalBench();
const leaseMs = 10_000;
before(() => bench.open());
after(() => bench.close());
beforeEach(() => bench.reset());

test('a heartbeat that waits for a deployment that is being written keeps nobody else from writing', async () => {
  await bench.trigger(bench.production);
  await bench.trigger(bench.staging);
  const [one, other] = [await bench.claim(), await bench.claim()];
  assert.ok(one && other);
  const { db } = bench.database;
  const [locked, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const writing = db.transaction().execute(async (tx) => {
    await sql`select from deployment where id = ${one.deploymentId} for update`.execute(tx);
    locked.resolve();
    await written.promise;
  });
  await locked.promise;
  const beat = bench.deployments.heartbeat([other, one], leaseMs);
  await untilSomebodyWaits();
  await db.transaction().execute(async (tx) => {
    await sql`set local lock_timeout = '1s'`.execute(tx);
    await sql`select from deployment where id = ${other.deploymentId} for update`.execute(tx);
  });
  written.resolve();
  await writing;
  assert.deepEqual([...(await beat).keys()].toSorted(), [one.deploymentId, other.deploymentId].toSorted());
});

async function untilSomebodyWaits(): Promise<void> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline;) {
    const { rows } = await sql`select from pg_stat_activity where wait_event_type = 'Lock'`.execute(bench.database.db);
    if (rows.length > 0) return;
  }
  throw new Error('nobody waits for the row that is locked');
}
