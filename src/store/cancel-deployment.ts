import { sql, type Kysely } from 'kysely';
import { whyNotCancelled } from '../domain/cancel.ts';
import { CutoverError } from '../domain/errors.ts';
import { toJson, type Database } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';

/** What waits is cancelled here and now; what runs is marked, and its worker told. */
export async function requestCancel(db: Kysely<Database>, deploymentId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('deployment')
      .select(['id', 'project_id', 'state', 'number', 'origin'])
      .where('id', '=', deploymentId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) throw new CutoverError('not_found', 'there is no such deployment');
    const refused = whyNotCancelled(row);
    if (refused !== null) throw new CutoverError('illegal_transition', `#${row.number} ${refused}`);
    if (row.state === 'pending') await cancelPending(tx, row, 'cancelled by a user');
    else await wantCancelled(tx, row.id, null);
    await notifyAll(tx, row.id);
  });
}

/** Marks what runs; `reason` null: a user's. What is to be deleted is not merely cancelled. */
export async function wantCancelled(tx: Kysely<Database>, deploymentId: string, reason: string | null): Promise<void> {
  await tx
    .updateTable('deployment')
    .set({
      want: 'cancel',
      wanted_by: null,
      wanted_verdict: reason === null ? null : toJson({ outcome: 'cancelled', code: 'cancelled', reason }),
    })
    .where('id', '=', deploymentId)
    .where((eb) => eb.or([eb('want', 'is', null), eb('want', 'in', ['pause', 'resume'])]))
    .execute();
}

/** The caller holds the row's lock. */
export async function cancelPending(
  tx: Kysely<Database>,
  row: { readonly id: string; readonly project_id: string },
  reason: string,
): Promise<void> {
  await tx
    .updateTable('deployment')
    .set({ state: 'cancelled', reason, finished_at: sql`now()` })
    .where('id', '=', row.id)
    .execute();
  await tx.updateTable('job').set({ status: 'cancelled' }).where('deployment_id', '=', row.id).execute();
  await appendTimeline(tx, row, [{ kind: 'state.changed', from: 'pending', to: 'cancelled', reason }]);
}
