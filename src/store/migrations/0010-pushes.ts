import { sql, type Kysely } from 'kysely';

/** What is pushed to the platform's own repositories: a row for each branch. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table push (
    id uuid primary key,
    push_id uuid not null,
    project_id uuid not null references project on delete cascade,
    branch text not null,
    before text,
    commit text not null,
    pushed_by text not null,
    results jsonb,
    created_at timestamptz not null default now(),
    settled_at timestamptz,
    outcome text
  )`.execute(db);
  await sql`create index push_unsettled on push (created_at) where settled_at is null`.execute(db);
  await sql`create index push_of_project on push (project_id)`.execute(db);
}
