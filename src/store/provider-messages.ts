import { sql, type Kysely } from 'kysely';
import type { ClaimedMessage, IdentifiedMessage } from '../engine/ports/provider-store.ts';
import { mayAct } from './provider-access.ts';
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
    await enqueueMessages(tx, preview.project_id, messages);
  });
}

/** For a project that has a provider; for others nothing. */
export async function enqueueMessages(
  tx: Kysely<Database>,
  projectId: string,
  messages: readonly IdentifiedMessage[],
): Promise<void> {
  // Held: else it could be removed between the look and the messages.
  const access = await tx
    .selectFrom('provider_access')
    .select('project_id')
    .where('project_id', '=', projectId)
    .forShare()
    .executeTakeFirst();
  if (access === undefined) return;
  for (const { id, topic, message } of messages) {
    await tx
      .insertInto('provider_message')
      .values({ id, project_id: projectId, topic, message: toJson(message) })
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
}

export async function claimMessages(
  db: Kysely<Database>,
  count: number,
  leaseMs: number,
): Promise<readonly ClaimedMessage[]> {
  const { rows } = await sql<ClaimedMessage>`
    with due as (
      select m.id from provider_message m join provider_access a on a.project_id = m.project_id
      where m.not_before <= now() and coalesce(m.leased_until, now()) <= now() and ${mayAct('a')}
      order by m.not_before, m.id limit ${count} for update of m skip locked
    ), leased as (
      select now() + ${leaseMs} * interval '1 millisecond' as until
    )
    update provider_message m
    set not_before = leased.until, leased_until = leased.until, attempts = m.attempts + 1
    from due, leased, provider_access a
    where m.id = due.id and a.project_id = m.project_id
    returning m.id, m.version, m.attempts - 1 as attempts, m.project_id as "projectId", m.message,
      jsonb_build_object('id', a.id, 'sealed', a.sealed, 'installationId', a.installation_id,
        'kind', a.kind, 'apiUrl', a.api_url, 'repository', a.repository) as access`.execute(db);
  return rows;
}

export async function finishMessage(db: Kysely<Database>, { id, version }: Told): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('provider_message')
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (numDeletedRows === 0n) await release(db, { id, version });
}

/** A newer one is not held up. */
export async function postponeMessage(db: Kysely<Database>, { id, version }: Told, delayMs: number): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('provider_message')
    .set({ not_before: sql<string>`now() + ${delayMs} * interval '1 millisecond'`, leased_until: null })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) await release(db, { id, version });
}

/** What has come in its place meanwhile waited for it, and may be told now. */
async function release(db: Kysely<Database>, { id, version }: Told): Promise<void> {
  await db
    .updateTable('provider_message')
    .set({ leased_until: null })
    .where('id', '=', id)
    .where('version', '>', version)
    .execute();
}
