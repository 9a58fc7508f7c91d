import { sql, type Kysely } from 'kysely';

/** Webhooks of providers: where they arrive, what arrived, and what followed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Of a project, whichever provider calls; or of the platform, for one provider.
  `create table webhook (
    id text primary key,
    project_id uuid unique references project on delete cascade,
    provider text unique,
    sealed_id uuid not null,
    sealed text not null,
    created_at timestamptz not null default now(),
    secret_set_at timestamptz not null default now(),
    check ((project_id is null) <> (provider is null))
  )`,
  // queue: deliveries of the same are worked on one after the other. only_project_id: nothing is to follow for others. digest: of a body that its signature covers.
  `create table webhook_delivery (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    webhook_id text not null references webhook on delete cascade,
    provider text not null,
    name text not null,
    state text not null,
    verified boolean not null,
    reason text,
    delivery_key text not null,
    digest text,
    queue text not null,
    reading jsonb not null,
    repeats integer not null default 0,
    redelivery_of uuid references webhook_delivery on delete set null,
    redelivered_by text,
    only_project_id uuid references project on delete cascade,
    attempts integer not null default 0,
    not_before timestamptz not null default now(),
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    unique (webhook_id, delivery_key)
  )`,
  `create unique index webhook_delivery_digest on webhook_delivery (webhook_id, digest)`,
  `create index webhook_delivery_pending on webhook_delivery (sequence) where state = 'pending'`,
  `create index webhook_delivery_queue on webhook_delivery (queue, sequence) where state = 'pending'`,
  `create index webhook_delivery_of_webhook on webhook_delivery (webhook_id, verified, sequence)`,
  `create index webhook_delivery_received on webhook_delivery (received_at)`,
  `create index webhook_delivery_redelivered on webhook_delivery (redelivery_of) where redelivery_of is not null`,
  // Which projects a delivery is about, and what followed for each.
  `create index webhook_delivery_of_project on webhook_delivery (only_project_id) where only_project_id is not null`,
  `create table webhook_match (
    project_id uuid not null references project on delete cascade,
    sequence bigint not null references webhook_delivery (sequence) on delete cascade,
    outcomes jsonb not null,
    primary key (project_id, sequence)
  )`,
  `create index webhook_match_of_delivery on webhook_match (sequence)`,
  `create index deployment_of_commit on deployment
    (environment_id, (coalesce(source -> 'commit' ->> 'sha', source ->> 'requestedCommit')), number desc)`,
];
