import { sql, type Kysely } from 'kysely';

/** What is removed in the course of time, and how much is kept. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Settings of the whole platform, one value each.
  `create table platform_setting (
    name text primary key,
    value jsonb not null,
    updated_at timestamptz not null default now()
  )`,
  `alter table deployment
    add column artifact_gone_at timestamptz,
    add column logs_removed_at timestamptz,
    add column history_removed_at timestamptz`,
  // By what they run: the image's id or the bundle's hash.
  `create index deployment_of_artifact on deployment ((coalesce(artifact ->> 'imageId', artifact ->> 'bundle')))
    where artifact is not null`,
  `create index deployment_with_artifact on deployment (id) where artifact is not null and artifact_gone_at is null`,
  `create index deployment_with_logs on deployment (id) where logs_removed_at is null`,
  `create index deployment_with_history on deployment (id) where history_removed_at is null`,
];
