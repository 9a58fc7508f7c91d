import { sql, type Kysely } from 'kysely';
import type { ChangedDeployment, IdentifiedMessage } from '../engine/ports/provider-store.ts';
import { mayAct } from './provider-access.ts';
import { enqueueMessages } from './provider-messages.ts';
import type { Database } from './schema.ts';

/** Of each environment so many of the newest are looked at, beside what is not over, and what was told and may change. */
const newestLookedAt = 3;

const commitOf = (deployment: string) =>
  sql<string>`coalesce(${sql.ref(`${deployment}.source`)} -> 'commit' ->> 'sha', ${sql.ref(`${deployment}.source`)} ->> 'requestedCommit')`;

/**
 * What was over before there was a provider is not told. Asked every few seconds: what has not changed since it was told is left out by what
 * stands in its row, before anything is read of sources.
 */
export async function changedDeployments(db: Kysely<Database>): Promise<readonly ChangedDeployment[]> {
  const { rows } = await sql<ChangedDeployment>`
    with told as materialized (
      select e.id, e.name, e.current_deployment_id, p.id as project_id, p.name as project_name, a.set_at,
        (select max(number) from deployment where environment_id = e.id) as newest
      from provider_access a join project p on p.id = a.project_id join environment e on e.project_id = p.id
      where ${mayAct('a')} and p.tells_deployments and not p.deleting and not e.deleting
        and not exists (select from preview where environment_id = e.id)
    ), looked_at as (
      select latest.id from told cross join lateral (
        select id from deployment where environment_id = told.id order by number desc limit ${newestLookedAt}
      ) latest
      union
      select id from deployment where state not in ('failed', 'cancelled', 'stopped')
      union
      select deployment_id from deployment_report where not settled
    ), changed as materialized (
      select d.id, told.name as environment_name, told.project_name, told.current_deployment_id, present.seen,
        coalesce(split_part(r.reported, '|', 2), '') as said
      from looked_at join deployment d on d.id = looked_at.id
        join told on told.id = d.environment_id
        cross join lateral (
          select translate(concat_ws(' ', d.state, told.current_deployment_id, told.newest, left(d.reason, 40)), '|', '') as seen
        ) present
        left join deployment_report r on r.deployment_id = d.id
      where split_part(r.reported, '|', 1) is distinct from present.seen
        and (r.deployment_id is not null or d.finished_at is null or d.id = told.current_deployment_id or d.created_at >= told.set_at)
    )
    select d.id, d.project_id as "projectId", c.project_name as "projectName", c.environment_name as "environmentName", d.production,
      d.number, d.state, d.reason, d.failure ->> 'code' as failure, d.branch, coalesce(own.commit, '') as commit,
      (d.origin ->> 'number')::int as "backTo", d.ready_at is not null as served, serves as "commitServes", c.seen, c.said,
      d.state in ('failed', 'cancelled', 'stopped') and not serves as settled,
      (select host from host where environment_id = d.environment_id order by position limit 1) as host,
      d.source ->> 'kind' = 'git' and coalesce(own.commit, '') ~ '^[0-9a-f]{40}$' and not exists (
        select from deployment newer where newer.environment_id = d.environment_id and newer.number > d.number
          and ${commitOf('newer')} = own.commit
      ) as newest
    from changed c join deployment d on d.id = c.id
      left join deployment serving on serving.id = c.current_deployment_id
      cross join lateral (select ${commitOf('d')} as commit) own
      cross join lateral (select coalesce(own.commit = ${commitOf('serving')}, false) as serves) kept
    order by d.created_at, d.id`.execute(db);
  return rows;
}

type Reported = Pick<ChangedDeployment, 'id' | 'projectId' | 'seen' | 'said' | 'settled'>;

export function reportDeployment(
  db: Kysely<Database>,
  { id, projectId, seen, said, settled }: Reported,
  messages: readonly IdentifiedMessage[],
): Promise<void> {
  const reported = `${seen}|${said}`;
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql`
      insert into deployment_report as r (deployment_id, reported, settled)
      select id, ${reported}, ${settled}::boolean from deployment where id = ${id} for key share
      on conflict (deployment_id) do update set reported = excluded.reported, settled = excluded.settled
      where r.reported is distinct from excluded.reported
      returning 1`.execute(tx);
    // Another control plane may have noticed the same.
    if (rows.length > 0) await enqueueMessages(tx, projectId, messages);
  });
}

export function tellDeployments(db: Kysely<Database>, projectId: string, tells: boolean): Promise<void> {
  return db.transaction().execute(async (tx) => {
    await tx.updateTable('project').set({ tells_deployments: tells }).where('id', '=', projectId).execute();
    if (tells) return;
    await sql`
      delete from provider_message m where m.project_id = ${projectId} and (
        m.message ->> 'kind' = 'commit-deployment'
        or m.message ->> 'kind' = 'commit-status' and exists (
          select from environment e join project p on p.id = e.project_id
          where p.id = ${projectId} and m.message ->> 'context' = 'cutover/' || p.name || '/' || e.name
            and not exists (select from preview where environment_id = e.id)
        )
      )`.execute(tx);
  });
}

/** What was told to be live there is over; nobody is left to find that out afterwards. */
export async function tellRemoved(tx: Kysely<Database>, environmentId: string): Promise<void> {
  await sql`
    with told as (
      select distinct on (own.commit) d.project_id, p.name || '/' || e.name as environment, d.production, own.commit, d.branch
      from deployment_report r join deployment d on d.id = r.deployment_id
        join environment e on e.id = d.environment_id join project p on p.id = d.project_id
        join provider_access a on a.project_id = d.project_id
        cross join lateral (select ${commitOf('d')} as commit) own
      where d.environment_id = ${environmentId} and not r.settled and split_part(r.reported, '|', 2) <> '' and p.tells_deployments
      order by own.commit, d.number desc
    )
    insert into provider_message as m (id, project_id, topic, message)
    select gen_random_uuid(), project_id, 'commit-deployment:' || environment || ':' || commit, jsonb_build_object(
      'kind', 'commit-deployment', 'environment', environment, 'production', production, 'commit', commit, 'branch', branch,
      'state', 'inactive', 'description', 'The environment was removed.', 'url', null)
    from told
    on conflict (project_id, topic) do update
      set message = excluded.message, version = m.version + 1, attempts = 0, not_before = now()`.execute(tx);
}
