import { sql, type Kysely } from 'kysely';

/** Ids are UUIDs of version 7. Times are timestamptz. What the domain reads as one value is one jsonb column. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table token (
    id uuid primary key,
    name text not null,
    role text not null,
    project_id uuid,
    secret_hash text not null unique,
    created_at timestamptz not null default now(),
    revoked_at timestamptz
  )`,
  `create table project (
    id uuid primary key,
    name text not null unique,
    repository text not null,
    build jsonb not null,
    last_number integer not null default 0,
    deleting boolean not null default false,
    created_at timestamptz not null default now()
  )`,
  // fence: the highest number ever given to a deployment of this environment; only its holder may change the route.
  `create table environment (
    id uuid primary key,
    project_id uuid not null references project on delete cascade,
    name text not null,
    settings jsonb not null,
    fence bigint not null default 0,
    current_deployment_id uuid,
    deleting boolean not null default false,
    created_at timestamptz not null default now(),
    unique (project_id, name)
  )`,
  `create table host (
    host text primary key,
    environment_id uuid not null references environment on delete cascade,
    position integer not null
  )`,
  `create table variable (
    id uuid primary key,
    project_id uuid not null references project on delete cascade,
    environment_id uuid references environment on delete cascade,
    name text not null,
    sealed text not null,
    secret boolean not null,
    updated_at timestamptz not null default now(),
    unique nulls not distinct (project_id, environment_id, name)
  )`,
  // want: what was asked of a deployment that has not happened yet. verdict: how it is to end; once set, it is being taken back.
  `create table deployment (
    id uuid primary key,
    project_id uuid not null references project on delete cascade,
    environment_id uuid not null references environment on delete cascade,
    number integer not null,
    kind text not null,
    state text not null,
    reason text,
    failure jsonb,
    source jsonb not null,
    trigger jsonb not null,
    configuration jsonb not null,
    sealed_variables text not null,
    artifact jsonb,
    requests jsonb,
    counter_baseline jsonb,
    want text,
    verdict jsonb,
    branch text not null,
    production boolean not null,
    fence bigint,
    epoch integer not null default 0,
    lease_owner bigint,
    lease_until timestamptz,
    not_before timestamptz not null default now(),
    created_at timestamptz not null default now(),
    started_at timestamptz,
    ready_at timestamptz,
    finished_at timestamptz,
    unique (project_id, number)
  )`,
  `create unique index deployment_one_active on deployment (environment_id) where state in ('running', 'deploying', 'ready')`,
  `create index deployment_pending on deployment (production desc, created_at) where state = 'pending'`,
  `create index deployment_live on deployment (state) where state not in ('failed', 'cancelled', 'stopped')`,
  `create index deployment_of_environment on deployment (environment_id, number desc)`,
  `create table job (
    deployment_id uuid not null references deployment on delete cascade,
    type text not null,
    position integer not null,
    depends_on jsonb not null,
    required boolean not null,
    status text not null,
    error text,
    started_at timestamptz,
    ended_at timestamptz,
    primary key (deployment_id, type)
  )`,
  // The journal: one row per attempt at a step, in the order they were begun.
  `create table step (
    deployment_id uuid not null references deployment on delete cascade,
    seq integer generated always as identity,
    name text not null,
    epoch integer not null,
    status text not null,
    error text,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (deployment_id, seq)
  )`,
  `create table timeline (
    id bigint generated always as identity primary key,
    deployment_id uuid not null references deployment on delete cascade,
    project_id uuid not null,
    at timestamptz not null default clock_timestamp(),
    entry jsonb not null
  )`,
  `create index timeline_of_deployment on timeline (deployment_id, id)`,
  `create table instance (
    id uuid primary key,
    deployment_id uuid not null references deployment on delete cascade,
    process text not null,
    ordinal integer not null,
    phase text not null,
    address text,
    port integer not null,
    restarts integer not null default 0,
    unique (deployment_id, process, ordinal)
  )`,
  `create table slot (
    number integer primary key,
    deployment_id uuid not null unique
  )`,
  // What the router is to follow. fence: of the deployment that wrote it; a lower one cannot overwrite it.
  `create table route (
    environment_id uuid primary key references environment on delete cascade,
    fence bigint not null,
    stable integer not null,
    candidate integer,
    share integer not null
  )`,
  `create table artifact (
    image_key text primary key,
    artifact jsonb not null,
    base_images jsonb not null,
    project_id uuid not null references project on delete cascade,
    created_at timestamptz not null default now()
  )`,
  `create table idempotency (
    key text not null,
    token_id uuid not null,
    request_hash text not null,
    deployment_id uuid not null references deployment on delete cascade,
    created_at timestamptz not null default now(),
    primary key (token_id, key)
  )`,
];
