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

interface Place {
  readonly apiUrl: string;
  readonly repository: string;
}

/** What waits to be told is for the repository that it was meant for, and for no other. */
export async function forgetElsewhere(
  tx: Kysely<Database>,
  projectId: string,
  { apiUrl, repository }: Place,
): Promise<void> {
  await sql`
    delete from provider_message m using provider_access a
    where m.project_id = ${projectId} and a.project_id = m.project_id
      and (a.api_url <> ${apiUrl} or lower(a.repository) <> lower(${repository}))`.execute(tx);
}
