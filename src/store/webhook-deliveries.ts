import { sql, type Kysely, type RawBuilder } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { DeliveryCopy, NewDelivery } from '../engine/ports/webhook-store.ts';
import { toJson, type Database } from './schema.ts';

/** In one queue: whoever sends more is to send it again later. */
const mostWaiting = 10_000;

/** One statement that inserts, or nothing where the same was kept before: then that is counted, and answered with. */
export async function keepDelivery(
  db: Kysely<Database>,
  delivery: NewDelivery,
  most = mostWaiting,
): Promise<{ readonly id: string; readonly replayed: boolean }> {
  const { hookId, key, digest } = delivery;
  if (await insert(db, delivery, most)) return { id: delivery.id, replayed: false };
  const earlier = await db
    .updateTable('webhook_delivery')
    .set({ repeats: sql`repeats + ${Math.max(1, delivery.repeats)}` })
    .where('webhook_id', '=', hookId)
    .where((where) => where.or([where('delivery_key', '=', key), where('digest', '=', digest)]))
    .returning('id')
    .executeTakeFirst();
  if (earlier === undefined && (await isFull(db, delivery, most)))
    throw new CutoverError('too_busy', `${most} deliveries wait to be worked on already`);
  // Removed at this moment: whoever sends it once more is heard.
  return { id: earlier?.id ?? delivery.id, replayed: true };
}

async function insert(db: Kysely<Database>, delivery: NewDelivery, most: number): Promise<boolean> {
  const { rows } = await sql`
    with kept as (
      insert into webhook_delivery
        (id, webhook_id, provider, name, state, verified, reason, delivery_key, digest, queue, reading, repeats, processed_at)
      select
        ${delivery.id}::uuid, ${delivery.hookId}, ${delivery.provider}, ${delivery.reading.name}, ${delivery.state}, ${delivery.verified}::boolean,
        ${delivery.reason}, ${delivery.key}, ${delivery.digest}, ${delivery.queue}, ${toJson(delivery.reading)}::jsonb, ${delivery.repeats}::int,
        ${delivery.state === 'pending' ? sql`null::timestamptz` : sql`now()`}
      where not ${full(delivery, most)} and not exists (
        select from webhook_seen
        where webhook_id = ${delivery.hookId} and known_by in (${delivery.key}, ${`body ${delivery.digest ?? ''}`})
      )
      on conflict do nothing returning sequence
    ), matched as (
      insert into webhook_match (project_id, sequence, outcomes)
      select ${delivery.projectId}::uuid, sequence, '[]' from kept where ${delivery.projectId}::uuid is not null
    )
    select sequence from kept`.execute(db);
  return rows.length > 0;
}

function full({ queue, state }: NewDelivery, most: number): RawBuilder<boolean> {
  if (state !== 'pending') return sql`false`;
  return sql`exists (select from webhook_delivery where queue = ${queue} and state = 'pending' offset ${most - 1} limit 1)`;
}

async function isFull(db: Kysely<Database>, delivery: NewDelivery, most: number): Promise<boolean> {
  const { rows } = await sql<{ full: boolean }>`select ${full(delivery, most)} as full`.execute(db);
  return rows[0]?.full === true;
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
