import { sql, type Kysely } from 'kysely';

/** Projects without a repository, and what registries are shown for a project's private images. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table project alter column repository drop not null`.execute(db);
  await sql`create table registry_credential (
    project_id uuid not null references project on delete cascade,
    host text not null,
    id uuid not null,
    username text not null,
    sealed text not null,
    fingerprint text not null,
    set_by text not null,
    set_at timestamptz not null default now(),
    primary key (project_id, host)
  )`.execute(db);
}
