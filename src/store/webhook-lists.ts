import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { WebhookDelivery, WebhookReading } from '../domain/webhook.ts';
import type { DeliveryQuery } from '../engine/ports/webhook-store.ts';
import type { Database } from './schema.ts';

type Row = Omit<WebhookDelivery, 'repository' | 'sender' | 'events'> & { readonly reading: WebhookReading };

export async function listDeliveries(
  db: Kysely<Database>,
  { projectId, before, after, limit }: DeliveryQuery,
): Promise<readonly WebhookDelivery[]> {
  const matched = sql`join webhook_match own on own.sequence = d.sequence and own.project_id = ${projectId}`;
  const sequence = projectId === null ? sql`d.sequence` : sql`own.sequence`;
  const below = before === undefined ? sql`true` : sql`${sequence} < ${before}`;
  const above = after === undefined ? sql`true` : sql`${sequence} > ${after}`;
  const { rows } = await sql<Row>`
    select ${columns(projectId)} from webhook_delivery d join webhook w on w.id = d.webhook_id
    ${projectId === null ? sql`` : matched}
    where ${below} and ${above}
    order by ${sequence} ${after === undefined ? sql`desc` : sql`asc`} limit ${limit}`.execute(db);
  return rows.map(toDelivery);
}

export async function findDelivery(
  db: Kysely<Database>,
  id: string,
  projectId: string | null,
): Promise<WebhookDelivery | null> {
  const mine = sql`exists (select from webhook_match m where m.sequence = d.sequence and m.project_id = ${projectId})`;
  const { rows } = await sql<Row>`
    select ${columns(projectId)} from webhook_delivery d join webhook w on w.id = d.webhook_id
    where d.id = ${id} and ${projectId === null ? sql`true` : mine}`.execute(db);
  return rows[0] === undefined ? null : toDelivery(rows[0]);
}

/** With the outcomes of one project alone, where one is asked for: what is in others is none of its business. */
function columns(projectId: string | null): RawBuilder<unknown> {
  const only = projectId === null ? sql`true` : sql`p.id = ${projectId}`;
  return sql`
    d.id, d.sequence, d.provider, d.name, d.state, d.verified, d.reason, d.reading, d.repeats,
    d.redelivery_of as "redeliveryOf", d.redelivered_by as "redeliveredBy",
    d.received_at as "receivedAt", d.processed_at as "processedAt",
    (select p.name from project p where p.id = w.project_id) as "hookProject",
    coalesce((
      select jsonb_agg(jsonb_build_object('project', p.name, 'outcomes', m.outcomes) order by p.name)
      from webhook_match m join project p on p.id = m.project_id where m.sequence = d.sequence and ${only}
    ), '[]') as projects`;
}

function toDelivery({ reading, ...row }: Row): WebhookDelivery {
  const { sender, events, repositories } = reading;
  return { ...row, sender, events, repository: repositories[0] ?? null };
}
