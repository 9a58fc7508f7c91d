import { sql, type Kysely } from 'kysely';

/** What the Git server is shown for a project's private repository: one for each project at most. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table repository_credential (
    project_id uuid primary key references project on delete cascade,
    id uuid not null,
    kind text not null,
    host text not null,
    sealed text not null,
    fingerprint text not null,
    set_by text not null,
    set_at timestamptz not null default now()
  )`.execute(db);
}
