import { sql, type Kysely } from 'kysely';
import type { Deployment } from '../domain/deployment.ts';
import type { QueueFacts } from '../domain/queue.ts';
import { isActive } from './active-deployments.ts';
import { selectDeployments, toDeployment } from './deployment-rows.ts';
import type { Database } from './schema.ts';

/** Of one project or (null) all: in the order in which `claimDeployment` serves them. */
export async function readQueue(db: Kysely<Database>, projectId: string | null): Promise<readonly Deployment[]> {
  let query = selectDeployments(db).where((eb) => eb.or([eb('d.state', '=', 'pending'), isActive('d')]));
  if (projectId !== null) query = query.where('d.project_id', '=', projectId);
  const rows = await query
    .orderBy(sql`(d.state <> 'pending')`, 'desc')
    .orderBy('d.production', 'desc')
    .orderBy(sql`(d.kind = 'rollback')`, 'desc')
    .orderBy('d.created_at')
    .limit(1_000)
    .execute();
  return rows.map(toDeployment);
}

/**
 * A build waits for a place while that is the last thing its deployment's timeline says. Where the clock was set back, a time that is
 * further ahead than anybody is made to wait says nothing.
 */
export async function readQueueFacts(
  db: Kysely<Database>,
  deploymentIds: readonly string[],
): Promise<ReadonlyMap<string, QueueFacts>> {
  if (deploymentIds.length === 0) return new Map();
  const { rows } = await sql<QueueFacts & { readonly id: string }>`
    select d.id, case when last.kind = 'build.waiting' then last.at end as "buildWaitsSince",
      case when d.lease_until is null and d.not_before > now() and d.not_before < now() + interval '1 minute'
        then d.not_before end as "notBefore"
    from unnest(${deploymentIds}::uuid[]) asked (id)
    join deployment d on d.id = asked.id
    left join lateral (
      select t.entry ->> 'kind' as kind, t.at from timeline t where t.deployment_id = d.id order by t.id desc limit 1
    ) last on d.state = 'running'`.execute(db);
  return new Map(rows.map(({ id, ...facts }) => [id, facts]));
}

export async function readQueueLength(
  db: Kysely<Database>,
  exceptProject: string,
): Promise<{ readonly waiting: number; readonly running: number }> {
  const { rows } = await sql<{ waiting: number; running: number }>`
    select count(*) filter (where d.state = 'pending')::int as waiting,
      count(*) filter (where d.state <> 'pending')::int as running
    from deployment d
    where d.project_id <> ${exceptProject} and (d.state = 'pending' or ${isActive('d')})`.execute(db);
  return rows[0] ?? { waiting: 0, running: 0 };
}
