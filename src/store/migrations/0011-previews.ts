import { sql, type Kysely } from 'kysely';

/**
 * Previews: what is asked for, which stays when what was made for it is gone; their settings; and variables that only they get. The key of
 * a preview is its repository and subject, and of each there is one in a project.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table preview (
    id uuid primary key,
    project_id uuid not null references project on delete cascade,
    repository text not null,
    subject_key text not null,
    subject jsonb not null,
    name text not null,
    branch text not null,
    commit text,
    title text,
    link text,
    from_fork boolean not null,
    approved_commit text,
    approved_by text,
    open boolean not null default true,
    finished boolean not null default false,
    closed_reason text,
    revision integer not null default 1,
    deployed_revision integer not null default 0,
    environment_id uuid unique references environment on delete set null,
    pushed_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    unique (project_id, repository, subject_key),
    unique (project_id, name)
  )`,
  `create index preview_tended on preview (project_id) where open or environment_id is not null`,
  `create table preview_setting (
    project_id uuid primary key references project on delete cascade,
    value jsonb not null,
    password text,
    updated_at timestamptz not null default now()
  )`,
  `alter table variable add column preview boolean not null default false`,
  `alter table variable drop constraint variable_project_id_environment_id_name_key`,
  `alter table variable add constraint variable_name_key unique nulls not distinct (project_id, environment_id, preview, name)`,
];
