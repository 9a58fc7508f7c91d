import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';

/**
 * Whether the contract step of a deployment is to be run, or gone on with after a crash (rule 5.8): it serves, is completed, and its
 * observation has passed, or there never was one. Nothing else has to remember that. `alias`: of the table in the query.
 */
export function isContractDue(alias: string): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql`(${column('state')} = 'completed'
    and exists (
      select 1 from job j where j.deployment_id = ${column('id')}
        and j.type = 'RunContractJob' and j.status in ('pending', 'running')
    )
    and exists (
      select 1 from environment e where e.id = ${column('environment_id')} and e.current_deployment_id = ${column('id')}
        and not e.deleting
    )
    and not exists (
      select 1 from observation o where o.deployment_id = ${column('id')} and o.outcome is distinct from 'passed'
    ))`;
}

interface Skipping {
  readonly id: string;
  readonly project_id: string;
}

/** The step belongs after an observation that has passed: without that it is never run. What has begun keeps its status. */
export async function skipContract(tx: Kysely<Database>, { id, project_id }: Skipping, why: string): Promise<void> {
  const error = `the observation did not pass: ${why}`;
  const skipped = await tx
    .updateTable('job')
    .set({ status: 'skipped', error, ended_at: sql<string>`clock_timestamp()` })
    .where('deployment_id', '=', id)
    .where('type', '=', 'RunContractJob')
    .where('status', '=', 'pending')
    .returning('deployment_id')
    .execute();
  if (skipped.length === 0) return;
  const job = 'RunContractJob';
  await appendTimeline(tx, { id, project_id }, [{ kind: 'job.finished', job, status: 'skipped', error }]);
}
