import { sql, type Kysely } from 'kysely';

/** Rollouts that can be held, observed, and gone back from. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // acting: somebody leads, or is to lead again, a deployment that is completed or paused, to do what is wanted of it.
  `alter table deployment
    add column origin jsonb,
    add column measurements jsonb not null default '{}',
    add column completed_at timestamptz,
    add column paused_from text,
    add column wanted_verdict jsonb,
    add column wanted_by text,
    add column acting boolean not null default false,
    add column once_key text unique`,
  // When it was first completed is on record; finished_at is not, of what was deleted before that.
  `update deployment d set completed_at = first.at
    from (
      select deployment_id, min(at) as at from timeline
      where entry ->> 'kind' = 'state.changed' and entry ->> 'to' = 'completed' group by deployment_id
    ) as first
    where first.deployment_id = d.id`,
  `drop index deployment_one_active`,
  // A rollout that is held has its share of the traffic, so nobody else may change the environment meanwhile.
  `create unique index deployment_one_active on deployment (environment_id)
    where state in ('running', 'deploying', 'ready') or (state = 'paused' and paused_from in ('deploying', 'ready')) or acting`,
  `create index deployment_served on deployment (environment_id, number desc) where completed_at is not null`,
  `alter table environment add column auto_deploy_held text`,
  `alter table instance add column crashed_at timestamptz, add column started_by uuid`,
  `alter table route
    add column mode text not null default 'serve',
    add column observed boolean not null default false`,
  // What repositories say of themselves is not known of what was built before: it is built again.
  `delete from artifact`,
  `alter table artifact add column app_config jsonb not null`,
  // owner, lease_until: the process that may act on it.
  `create table observation (
    deployment_id uuid primary key references deployment on delete cascade,
    environment_id uuid not null references environment on delete cascade,
    standby_id uuid references deployment on delete set null,
    opened_at timestamptz not null default clock_timestamp(),
    switched_at timestamptz,
    ends_at timestamptz,
    closed_at timestamptz,
    outcome text,
    message text,
    view jsonb,
    owner bigint,
    lease_until timestamptz
  )`,
  `create index observation_open on observation (environment_id) where closed_at is null`,
];
