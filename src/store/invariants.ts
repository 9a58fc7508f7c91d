import { sql, type Kysely } from 'kysely';
import type { Artifact } from '../domain/artifact.ts';
import { deploymentStates, isFinal, type DeploymentState } from '../domain/deployment-state.ts';
import type { DeploymentSnapshot, EnvironmentSnapshot, InstanceSnapshot } from '../domain/platform-snapshot.ts';
import { awaitedUpload, type DeploymentSource } from '../domain/source.ts';
import type { InvariantStore, RecordedPlatform } from '../engine/ports/invariant-store.ts';
import { isActive } from './active-deployments.ts';
import { toRoute } from './deployment-rows.ts';
import { isAbandoned } from './owner-lease.ts';
import type { Database } from './schema.ts';
import { readWritten } from './written-texts.ts';

/** What the invariants need to know: only reads, and few columns, because it is asked for all the time. */
export function createInvariantStore(db: Kysely<Database>): InvariantStore {
  return {
    recorded: (remembered) =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute((tx) => readRecorded(tx, remembered)),
    written: (limit) => readWritten(db, limit),
  };
}

async function readRecorded(db: Kysely<Database>, remembered: readonly string[]): Promise<RecordedPlatform> {
  const projects = await db.selectFrom('project').select('name').execute();
  const environments = await readEnvironments(db);
  const deployments = await readDeployments(db, remembered);
  const slots = await db.selectFrom('slot').select(['number', 'deployment_id']).execute();
  return {
    projects: projects.map(({ name }) => name),
    environments,
    deployments,
    slots: slots.map((row) => ({ slot: row.number, deploymentId: row.deployment_id })),
  };
}

async function readEnvironments(db: Kysely<Database>): Promise<readonly EnvironmentSnapshot[]> {
  const rows = await db
    .selectFrom('environment as e')
    .innerJoin('project as p', 'p.id', 'e.project_id')
    .leftJoin('route as r', 'r.environment_id', 'e.id')
    .select(['e.id', 'e.name', 'e.current_deployment_id', 'p.name as project'])
    .select(['r.stable', 'r.candidate', 'r.share', 'r.mode', 'r.observed'])
    .select(sql<boolean>`e.deleting or p.deleting`.as('deleting'))
    .execute();
  const hosts = Map.groupBy(
    await db.selectFrom('host').select(['host', 'environment_id']).execute(),
    (row) => row.environment_id,
  );
  return rows.map((row) => ({
    id: row.id,
    name: `${row.project}/${row.name}`,
    deleting: row.deleting,
    hosts: (hosts.get(row.id) ?? []).map(({ host }) => host),
    currentIds: row.current_deployment_id === null ? [] : [row.current_deployment_id],
    route: toRoute(row),
  }));
}

interface DeploymentRow {
  readonly id: string;
  readonly environmentId: string;
  readonly name: string;
  readonly state: DeploymentState;
  readonly active: boolean;
  readonly held: boolean;
  readonly led: boolean;
  readonly idleMs: number;
  readonly artifact: Artifact | null;
  readonly source: DeploymentSource;
  /** Its timeline is there. */
  readonly told: boolean;
}

async function readDeployments(
  db: Kysely<Database>,
  remembered: readonly string[],
): Promise<readonly DeploymentSnapshot[]> {
  const { rows } = await sql<DeploymentRow>`
    select d.id, d.environment_id as "environmentId", p.name || ' #' || d.number as name, d.state, d.artifact, d.source,
      d.history_removed_at is null as told,
      ${isActive('d')} as active,
      d.state = 'paused' and not d.acting as held,
      d.not_before > now() or not ${isAbandoned('d.lease_owner', 'd.lease_until')} as led,
      case when ${isActive('d')} then ${idleMs} else 0 end as "idleMs"
    from deployment d join project p on p.id = d.project_id
    where d.id in (
      select id from deployment where state not in ('failed', 'cancelled', 'stopped')
      union select unnest(${remembered}::uuid[])
    )`.execute(db);
  const ids = rows.map(({ id }) => id);
  const [instances, outcomes] = [await readInstances(db, ids), await readOutcomes(db, ids)];
  return rows.map(({ artifact, source, told, ...row }) => ({
    ...row,
    bundle: artifact?.type === 'bundle' ? artifact.bundle : null,
    upload: isFinal(row.state) ? null : awaitedUpload({ source, artifact }),
    outcomes: told
      ? (outcomes.get(row.id) ?? []).map(({ state }) => state)
      : finalStates.filter((state) => state === row.state),
    instances: instances.get(row.id) ?? [],
  }));
}

/** By the timeline and the journal. */
const idleMs = sql<number>`(extract(epoch from now() - greatest(
  d.started_at, d.created_at,
  (select max(t.at) from timeline t where t.deployment_id = d.id),
  (select max(coalesce(s.ended_at, s.started_at)) from step s where s.deployment_id = d.id)
)) * 1000)::float8`;

interface InstanceRow extends InstanceSnapshot {
  readonly deploymentId: string;
}

/** Whether it passed is in the timeline of the deployment that started it; of one whose timeline is not kept any longer it is believed. */
async function readInstances(
  db: Kysely<Database>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly InstanceRow[]>> {
  const { rows } = await sql<InstanceRow>`
    select i.deployment_id as "deploymentId", i.id, i.process, i.ordinal, i.phase, i.address, i.port,
      i.crashed_at is not null as crashed,
      exists (
        select from deployment s
        where s.id = coalesce(i.started_by, i.deployment_id) and s.history_removed_at is not null
      ) or exists (
        select from timeline t
        where t.deployment_id = coalesce(i.started_by, i.deployment_id)
          and t.entry ->> 'kind' = 'gate.passed'
          and coalesce(t.entry ->> 'process', 'web') = i.process
          and (t.entry ->> 'ordinal')::int = i.ordinal
      ) as passed
    from instance i
    where i.deployment_id = any(${ids}::uuid[]) and i.phase not in ('stopped', 'failed')`.execute(db);
  return Map.groupBy(rows, ({ deploymentId }) => deploymentId);
}

const finalStates = deploymentStates.filter(isFinal);

/** Every final state that was ever reached, in order, by deployment. */
async function readOutcomes(db: Kysely<Database>, ids: readonly string[]) {
  const { rows } = await sql<{ readonly deploymentId: string; readonly state: DeploymentState }>`
    select t.deployment_id as "deploymentId", t.entry ->> 'to' as state
    from timeline t
    where t.deployment_id = any(${ids}::uuid[])
      and t.entry ->> 'kind' = 'state.changed' and t.entry ->> 'to' = any(${finalStates}::text[])
    order by t.id`.execute(db);
  return Map.groupBy(rows, ({ deploymentId }) => deploymentId);
}
