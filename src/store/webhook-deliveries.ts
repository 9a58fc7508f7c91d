import { sql, type Kysely } from 'kysely';
import type { DeliveryCopy, NewDelivery } from '../engine/ports/webhook-store.ts';
import { toJson, type Database } from './schema.ts';

/** One statement that inserts, or nothing where the same was kept before: then that is counted, and answered with. */
export async function keepDelivery(
  db: Kysely<Database>,
  delivery: NewDelivery,
): Promise<{ readonly id: string; readonly replayed: boolean }> {
  const { hookId, key, digest } = delivery;
  if (await insert(db, delivery)) return { id: delivery.id, replayed: false };
  const earlier = await db
    .updateTable('webhook_delivery')
    .set({ repeats: sql`repeats + ${Math.max(1, delivery.repeats)}` })
    .where('webhook_id', '=', hookId)
    .where((where) => where.or([where('delivery_key', '=', key), where('digest', '=', digest)]))
    .returning('id')
    .executeTakeFirst();
  // Removed at this moment: whoever sends it once more is heard.
  return { id: earlier?.id ?? delivery.id, replayed: true };
}

async function insert(db: Kysely<Database>, delivery: NewDelivery): Promise<boolean> {
  const { rows } = await sql`
    with kept as (
      insert into webhook_delivery
        (id, webhook_id, provider, name, state, verified, reason, delivery_key, digest, queue, reading, repeats, processed_at)
      values (
        ${delivery.id}, ${delivery.hookId}, ${delivery.provider}, ${delivery.reading.name}, ${delivery.state}, ${delivery.verified},
        ${delivery.reason}, ${delivery.key}, ${delivery.digest}, ${delivery.queue}, ${toJson(delivery.reading)}::jsonb, ${delivery.repeats},
        ${delivery.state === 'pending' ? null : sql`now()`}
      )
      on conflict do nothing returning sequence
    ), matched as (
      insert into webhook_match (project_id, sequence, outcomes)
      select ${delivery.projectId}::uuid, sequence, '[]' from kept where ${delivery.projectId}::uuid is not null
    )
    select sequence from kept`.execute(db);
  return rows.length > 0;
}

/** What was refused is not to be trusted, and of what was ignored nothing follows. */
export async function keepAgain(
  db: Kysely<Database>,
  id: string,
  { id: copy, by, projectId }: DeliveryCopy,
): Promise<boolean> {
  const { rows } = await sql`
    with kept as (
      insert into webhook_delivery (
        id, webhook_id, provider, name, state, verified, delivery_key, queue, reading, redelivery_of, redelivered_by, only_project_id
      )
      select ${copy}::uuid, webhook_id, provider, name, 'pending', true, ${`redelivery ${copy}`}, queue, reading, id, ${by}, ${projectId}::uuid
      from webhook_delivery where id = ${id} and state in ('pending', 'processed', 'failed')
      returning sequence, webhook_id, only_project_id
    ), matched as (
      insert into webhook_match (project_id, sequence, outcomes)
      select coalesce(kept.only_project_id, w.project_id), kept.sequence, '[]'
      from kept join webhook w on w.id = kept.webhook_id where coalesce(kept.only_project_id, w.project_id) is not null
    )
    select sequence from kept`.execute(db);
  return rows.length > 0;
}
