import { sql, type Kysely } from 'kysely';

/** The App that acts for projects without a token of their own, and what providers were told of deployments. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table github_app (
    single boolean primary key default true check (single),
    id uuid not null,
    app_id text not null,
    slug text not null,
    api_url text not null,
    sealed text not null,
    fingerprint text not null,
    set_by text not null,
    set_at timestamptz not null default now(),
    last_error text,
    last_error_at timestamptz
  )`,
  // No token of the project's own: the App acts. installation: how that was found; null where there is a token.
  `alter table provider_access alter column sealed drop not null`,
  `alter table provider_access add column installation text`,
  `alter table provider_access add column installation_id text`,
  `alter table provider_access add column looked_up_at timestamptz`,
  // What was found before then may be so no more.
  `alter table provider_access add column doubted_at timestamptz`,
  `alter table provider_access add check ((sealed is null) = (installation is not null))`,
  `create index provider_access_installation on provider_access (installation_id) where installation_id is not null`,
  // Who tells it has it until then; what is newer waits, so that it comes later.
  `alter table provider_message add column leased_until timestamptz`,
  // What was last told of a deployment that is not a preview's, as a digest. settled: nothing of it changes but by a newer one.
  `create table deployment_report (
    deployment_id uuid primary key references deployment on delete cascade,
    reported text not null,
    settled boolean not null
  )`,
  `create index deployment_report_open on deployment_report (deployment_id) where not settled`,
  `alter table project add column tells_deployments boolean not null default true`,
];
