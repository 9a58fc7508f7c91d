import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.ts';

/**
 * Whatever served when the backup was made is down until it is seen to be well: so the reconciler starts it again, and of several lets none
 * have traffic before it answers as the gate wants it.
 */
export async function markServingDown(db: Kysely<Database>): Promise<void> {
  await db
    .updateTable('instance')
    .set({ crashed_at: sql<string>`now()`, address: null })
    .where('phase', '=', 'serving')
    .execute();
}
