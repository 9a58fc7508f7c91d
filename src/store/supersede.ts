import { sql, type Kysely } from 'kysely';
import { cancelPending } from './cancel-deployment.ts';
import type { Database } from './schema.ts';
import { isOneOf } from './state-literals.ts';
import { notifyAll } from './wakeups.ts';

interface Waiting {
  readonly environmentId: string;
  /** Only those of the branch, and no rollback; null: everything that waits. */
  readonly branch: string | null;
  /** What the platform goes back from by itself is still gone back from. */
  readonly sparesAutomatic?: true;
}

/** Cancels what waits in the environment, because something newer takes its place (rule 2.4). */
export async function supersede(
  tx: Kysely<Database>,
  { environmentId, branch, sparesAutomatic }: Waiting,
  reason: string,
): Promise<void> {
  let query = tx
    .selectFrom('deployment')
    .select(['id', 'project_id'])
    .where('environment_id', '=', environmentId)
    .where(isOneOf('state', ['pending']));
  if (branch !== null) query = query.where('branch', '=', branch).where('kind', '<>', 'rollback');
  if (sparesAutomatic === true) query = query.where(sql<boolean>`origin->>'automatic' is distinct from 'true'`);
  for (const old of await query.orderBy('id').forUpdate().execute()) {
    await cancelPending(tx, old, reason);
    await notifyAll(tx, old.id);
  }
}
