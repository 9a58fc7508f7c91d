import { sql, type Kysely } from 'kysely';

/** Where each branch was last, so that what comes late is known to be late; and what a delivery is known by, for longer than it is kept. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // line: of a branch, as a queue tells of it. past: where it was before, newest first.
  `create table webhook_head (
    line text primary key,
    webhook_id text not null references webhook on delete cascade,
    commit text not null,
    past jsonb not null
  )`,
  `create index webhook_head_of_webhook on webhook_head (webhook_id)`,
  `create table webhook_seen (
    webhook_id text not null references webhook on delete cascade,
    known_by text not null,
    seen_at timestamptz not null,
    primary key (webhook_id, known_by)
  )`,
  `create index webhook_seen_at on webhook_seen (seen_at)`,
  // Of a project's: who delivered to it first.
  `alter table webhook add column bound_provider text`,
];
