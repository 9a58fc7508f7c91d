import { sql, type Kysely } from 'kysely';

/** Who is told of the previews of a project, and what they are still to be told: one message of a topic, the newest. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table provider_access (
    project_id uuid primary key references project on delete cascade,
    id uuid not null,
    kind text not null,
    api_url text not null,
    repository text not null,
    sealed text not null,
    fingerprint text not null,
    set_by text not null,
    set_at timestamptz not null default now(),
    last_error text,
    last_error_at timestamptz
  )`,
  `create table provider_message (
    id uuid primary key,
    project_id uuid not null references provider_access on delete cascade,
    topic text not null,
    message jsonb not null,
    version integer not null default 1,
    attempts integer not null default 0,
    not_before timestamptz not null default now(),
    created_at timestamptz not null default now(),
    unique (project_id, topic)
  )`,
  `create index provider_message_due on provider_message (not_before)`,
  // What the provider was last to be told of a preview, as a digest.
  `alter table preview add column reported text`,
];
