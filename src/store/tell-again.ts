import { sql, type Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** What was refused, or told to somebody else, is told as it is now. */
export async function tellAgain(tx: Kysely<Database>, projectIds: readonly string[]): Promise<void> {
  if (projectIds.length === 0) return;
  await tx
    .updateTable('preview')
    .set({ reported: null })
    .where('project_id', 'in', projectIds)
    .where((row) => row.or([row('open', '=', true), row('environment_id', 'is not', null)]))
    .execute();
  await sql`
    delete from deployment_report r using deployment d
    where d.id = r.deployment_id and d.project_id = any(${projectIds}::uuid[]) and not r.settled`.execute(tx);
}
