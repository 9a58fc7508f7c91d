import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Whether there is such a project; until the transaction ends nobody marks it as deleting, while others may do the same as here. */
export async function keepProject(transaction: Transaction<Database>, projectId: string): Promise<boolean> {
  const project = await transaction
    .selectFrom('project')
    .select('id')
    .where('id', '=', projectId)
    .where('deleting', '=', false)
    .forShare()
    .executeTakeFirst();
  return project !== undefined;
}
