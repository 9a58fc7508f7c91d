import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { DeliveryLimits } from '../engine/ports/webhook-store.ts';
import type { Database } from './schema.ts';

/** What still waits stays. Of what goes it stays known what it is known by, so that it is nothing new when it comes again. */
export async function pruneDeliveries(db: Kysely<Database>, limits: DeliveryLimits): Promise<number> {
  const old = await remove(db, sql`received_at < now() - ${limits.days}::int * interval '1 day'`);
  let gone = old;
  for (const [kind, newest] of [
    [sql`d.verified and d.state <> 'ignored'`, limits.newest],
    [sql`d.verified and d.state = 'ignored'`, limits.newestIgnored],
    [sql`not d.verified`, limits.newestRefused],
  ] as const)
    gone += await remove(
      db,
      sql`sequence in (
        select d.sequence from webhook w cross join lateral (
          select d.sequence from webhook_delivery d where d.webhook_id = w.id and ${kind}
          order by d.sequence desc offset ${newest}
        ) d
      )`,
    );
  await sql`delete from webhook_seen where seen_at < now() - ${limits.knownDays}::int * interval '1 day'`.execute(db);
  return gone;
}

async function remove(db: Kysely<Database>, which: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ gone: number }>`
    with gone as (
      delete from webhook_delivery where state <> 'pending' and ${which}
      returning webhook_id, delivery_key, digest, state, received_at
    ), known as (
      insert into webhook_seen (webhook_id, known_by, seen_at)
      select webhook_id, delivery_key, received_at from gone where state <> 'refused'
      union all
      select webhook_id, 'body ' || digest, received_at from gone where state <> 'refused' and digest is not null
      on conflict do nothing
    )
    select count(*)::int as gone from gone`.execute(db);
  return rows[0]?.gone ?? 0;
}
