import { sql, type Kysely } from 'kysely';

/** What is asked again and again is found without looking at everything that was ever deployed, or at everything that runs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // In the order in which what waits is claimed.
  `drop index deployment_pending`,
  `create index deployment_pending on deployment (production desc, (kind = 'rollback') desc, created_at) where state = 'pending'`,
  `create index deployment_next on deployment (environment_id, (kind = 'rollback') desc, number) where state = 'pending'`,
  // By environment too: what is not over there is little, whatever its history.
  `drop index deployment_live`,
  `create index deployment_live on deployment (environment_id) where state not in ('failed', 'cancelled', 'stopped')`,
  `create index deployment_wanted on deployment (state) where want is not null`,
  `create index deployment_by_state on deployment (project_id, state, number desc)`,
  `create index host_of_environment on host (environment_id)`,
  `create index job_contract_left on job (deployment_id) where type = 'RunContractJob' and status in ('pending', 'running')`,
  `create index instance_live on instance (deployment_id) where phase not in ('stopped', 'failed')`,
  `create index timeline_gates on timeline (deployment_id) where entry ->> 'kind' = 'gate.passed'`,
  `create index timeline_ends on timeline (deployment_id, id)
    where entry ->> 'kind' = 'state.changed' and entry ->> 'to' in ('failed', 'cancelled', 'stopped')`,
  `create index observation_of_environment on observation (environment_id, closed_at)`,
];
