import { sql, type Kysely } from 'kysely';
import type { ClaimedMessage, IdentifiedMessage } from '../engine/ports/provider-store.ts';
import { toJson, type Database } from './schema.ts';

type Told = Pick<ClaimedMessage, 'id' | 'version'>;

interface Report {
  readonly previewId: string;
  readonly reported: string;
  readonly messages: readonly IdentifiedMessage[];
}

/** What waits of a topic is replaced, and tried at once. */
export function enqueueReport(db: Kysely<Database>, { previewId, reported, messages }: Report): Promise<void> {
  return db.transaction().execute(async (tx) => {
    const preview = await tx
      .updateTable('preview')
      .set({ reported })
      .where('id', '=', previewId)
      // Another control plane may have noticed the same.
      .where('reported', 'is distinct from', reported)
      .returning('project_id')
      .executeTakeFirst();
    if (preview === undefined) return;
    // Held: else it could be removed between the look and the messages.
    const access = await tx
      .selectFrom('provider_access')
      .select('project_id')
      .where('project_id', '=', preview.project_id)
      .forShare()
      .executeTakeFirst();
    if (access === undefined) return;
    for (const { id, topic, message } of messages) {
      await tx
        .insertInto('provider_message')
        .values({ id, project_id: preview.project_id, topic, message: toJson(message) })
        .onConflict((conflict) =>
          conflict.columns(['project_id', 'topic']).doUpdateSet({
            message: toJson(message),
            version: sql<number>`provider_message.version + 1`,
            attempts: 0,
            not_before: sql<string>`now()`,
          }),
        )
        .execute();
    }
  });
}

export async function claimMessages(
  db: Kysely<Database>,
  count: number,
  leaseMs: number,
): Promise<readonly ClaimedMessage[]> {
  const { rows } = await sql<ClaimedMessage>`
    with due as (
      select id from provider_message where not_before <= now()
      order by not_before, id limit ${count} for update skip locked
    )
    update provider_message m
    set not_before = now() + ${leaseMs} * interval '1 millisecond', attempts = m.attempts + 1
    from due, provider_access a
    where m.id = due.id and a.project_id = m.project_id
    returning m.id, m.version, m.attempts - 1 as attempts, m.project_id as "projectId", m.message,
      jsonb_build_object('id', a.id, 'sealed', a.sealed, 'kind', a.kind, 'apiUrl', a.api_url, 'repository', a.repository)
        as access`.execute(db);
  return rows;
}

export async function finishMessage(db: Kysely<Database>, { id, version }: Told): Promise<void> {
  await db.deleteFrom('provider_message').where('id', '=', id).where('version', '=', version).execute();
}

/** A newer one is not held up. */
export async function postponeMessage(db: Kysely<Database>, { id, version }: Told, delayMs: number): Promise<void> {
  await db
    .updateTable('provider_message')
    .set({ not_before: sql<string>`now() + ${delayMs} * interval '1 millisecond'` })
    .where('id', '=', id)
    .where('version', '=', version)
    .execute();
}
