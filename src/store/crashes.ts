import { sql, type Kysely } from 'kysely';
import type { InstanceExit, ServingInstance } from '../engine/ports/deployment-store.ts';
import { selectDeployments, toDeployment, toInstance } from './deployment-rows.ts';
import type { Database } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';

/** Only of what serves: what is at the gate has its worker, and what is stopped was stopped by us. */
export async function recordCrash(
  db: Kysely<Database>,
  instanceId: string,
  exit: InstanceExit,
): Promise<ServingInstance | null> {
  return db.transaction().execute(async (tx) => {
    await lockOwner(tx, instanceId);
    const row = await tx
      .updateTable('instance')
      .set({ crashed_at: new Date(exit.at).toISOString(), restarts: sql`restarts + 1` })
      .where('id', '=', instanceId)
      .where('phase', '=', 'serving')
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const owner = await selectDeployments(tx).where('d.id', '=', row.deployment_id).executeTakeFirstOrThrow();
    const slot = await tx
      .selectFrom('slot')
      .select('number')
      .where('deployment_id', '=', row.deployment_id)
      .executeTakeFirst();
    const { process, ordinal, restarts } = row;
    const { exitCode, outOfMemory } = exit;
    const crashed = { kind: 'instance.crashed', process, ordinal, exitCode, outOfMemory, restarts } as const;
    await appendTimeline(tx, owner, [crashed]);
    await notifyAll(tx, owner.id);
    return { deployment: toDeployment(owner), instance: toInstance(row), slot: slot?.number ?? null };
  });
}

export async function recordRecovery(db: Kysely<Database>, instanceId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockOwner(tx, instanceId);
    const row = await tx
      .updateTable('instance')
      .set({ crashed_at: null })
      .where('id', '=', instanceId)
      .where('crashed_at', 'is not', null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return;
    const owner = await tx
      .selectFrom('deployment')
      .select(['id', 'project_id'])
      .where('id', '=', row.deployment_id)
      .executeTakeFirstOrThrow();
    const { process, ordinal, restarts } = row;
    await appendTimeline(tx, owner, [{ kind: 'instance.recovered', process, ordinal, restarts }]);
    await notifyAll(tx, owner.id);
  });
}

/** The deployment's row comes before that of its instance, as in every write of its worker, so that nobody waits in a circle. */
async function lockOwner(tx: Kysely<Database>, instanceId: string): Promise<void> {
  await tx
    .selectFrom('deployment as d')
    .innerJoin('instance as i', 'i.deployment_id', 'd.id')
    .select('d.id')
    .where('i.id', '=', instanceId)
    .forNoKeyUpdate('d')
    .execute();
}
