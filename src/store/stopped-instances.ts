import { sql, type Kysely } from 'kysely';
import type { Database } from './schema.ts';

/**
 * Whoever puts an instance to use again writes its row first, and waits. Rows that somebody is writing are left out rather than waited for,
 * so that nobody waits in a circle. An instance without a row was deleted: there is never another one of that id.
 */
export async function whileStopped(
  db: Kysely<Database>,
  instanceIds: readonly string[],
  work: (stopped: readonly string[]) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const known = new Set((await instancesOf(tx, instanceIds).execute()).map(({ id }) => id));
    const stopped = await instancesOf(tx, instanceIds)
      .innerJoin('deployment as d', 'd.id', 'i.deployment_id')
      .where(sql<boolean>`(i.phase in ('stopped', 'failed') or d.state in ('failed', 'cancelled', 'stopped'))`)
      .forNoKeyUpdate('i')
      .skipLocked()
      .execute();
    const held = new Set(stopped.map(({ id }) => id));
    await work(instanceIds.filter((id) => held.has(id) || !known.has(id)));
  });
}

function instancesOf(tx: Kysely<Database>, ids: readonly string[]) {
  return tx
    .selectFrom('instance as i')
    .select('i.id')
    .where(sql<boolean>`i.id = any(${ids}::uuid[])`);
}
