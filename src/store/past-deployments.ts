import { sql, type Kysely } from 'kysely';
import type { PastDeployment, RecordKind } from '../domain/past-deployment.ts';
import type { PastPage, PastQuery } from '../engine/ports/retention-store.ts';
import { toJson, type Database } from './schema.ts';

const pageSize = 500;

const removedAt = { logs: 'logs_removed_at', history: 'history_removed_at' } as const satisfies Record<
  RecordKind,
  string
>;

/** A page of deployments that are over and have something that may go, by id. */
export async function readPast(
  db: Kysely<Database>,
  kind: RecordKind,
  { before, after, countTo }: PastQuery,
): Promise<PastPage> {
  const { rows } = await sql<Omit<PastDeployment, 'endedAt'> & { readonly endedAt: string }>`
    select d.id, p.name as project, e.name as environment, d.number,
      -- What has served ended when it was stopped, which only the timeline says.
      greatest(coalesce(d.finished_at, d.created_at), (select max(t.at) from timeline t where t.deployment_id = d.id)) as "endedAt",
      (select count(*) from (
        select 1 from deployment n where n.environment_id = d.environment_id and n.number > d.number
        order by n.number limit ${countTo}
      ) as later) as newer,
      (select min(o.number) from instance i join deployment o on o.id = i.deployment_id
        where i.started_by = d.id and o.id <> d.id and o.logs_removed_at is null) as "logsNeededBy"
    from deployment d join environment e on e.id = d.environment_id join project p on p.id = d.project_id
    where d.${sql.ref(removedAt[kind])} is null and d.state in ('failed', 'cancelled', 'stopped')
      and coalesce(d.finished_at, d.created_at) < to_timestamp(${before}::double precision / 1000)
      and (${after}::uuid is null or d.id > ${after}::uuid)
    order by d.id limit ${pageSize}`.execute(db);
  const last = rows.at(-1);
  return {
    deployments: rows.map((row) => ({ ...row, endedAt: Date.parse(row.endedAt) })),
    next: rows.length < pageSize || last === undefined ? null : last.id,
  };
}

export async function markLogsRemoved(db: Kysely<Database>, deploymentId: string): Promise<void> {
  await db
    .updateTable('deployment')
    .set({ logs_removed_at: sql`now()` })
    .where('id', '=', deploymentId)
    .execute();
}

/** What a deployment is stays; how it came about goes. */
export async function removeHistory(db: Kysely<Database>, deploymentId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('deployment')
      .set({ history_removed_at: sql`now()`, measurements: toJson({}) })
      .where('id', '=', deploymentId)
      .execute();
    await tx.deleteFrom('timeline').where('deployment_id', '=', deploymentId).execute();
    await tx.deleteFrom('step').where('deployment_id', '=', deploymentId).execute();
    await tx
      .updateTable('observation')
      .set({ view: null })
      .where('deployment_id', '=', deploymentId)
      .where('closed_at', 'is not', null)
      .execute();
  });
}
