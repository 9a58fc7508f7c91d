import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from './schema.ts';

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

/** Of a version that is stopped; what has begun keeps its status. */
export async function skipContract(tx: Kysely<Database>, deploymentId: string): Promise<void> {
  await tx
    .updateTable('job')
    .set({ status: 'skipped', error: 'the version was stopped before its observation had passed' })
    .where('deployment_id', '=', deploymentId)
    .where('type', '=', 'RunContractJob')
    .where('status', '=', 'pending')
    .execute();
}
