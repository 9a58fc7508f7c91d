import { sql, type Kysely, type RawBuilder, type Selectable } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { Instance } from '../domain/deployment.ts';
import { webOrigin } from '../domain/github-app.ts';
import {
  FencedError,
  type DeploymentRecord,
  type EnvironmentRoute,
  type Lease,
  type NewInstance,
  type SealedCredential,
  type Held,
} from '../engine/ports/deployment-store.ts';
import { isContractDue } from './contract-due.ts';
import { selectDeployments, toDeployment, toInstance, toJob, toRoute } from './deployment-rows.ts';
import { Question } from './question.ts';
import { toGuard } from './preview-settings.ts';
import { toJson, type Database, type InstanceTable } from './schema.ts';
import { isOneOf } from './state-literals.ts';

const oneRecord = new Question((db, deploymentId = '') => selectRecords(db).where('d.id', '=', deploymentId));
const predecessors = new Question((db, environmentId = '', deploymentId = '') =>
  selectRecords(db)
    .where('d.environment_id', '=', environmentId)
    .where('d.id', '<>', deploymentId)
    .where(isOneOf('d.state', ['completed', 'paused']))
    .orderBy('d.number'),
);
const oneRoute = new Question((db, environmentId = '') => selectRoutes(db).where('e.id', '=', environmentId));

export async function readRecord(db: Kysely<Database>, deploymentId: string): Promise<DeploymentRecord | null> {
  const [row] = await oneRecord.ask(db, deploymentId);
  return row === undefined ? null : toRecord(row);
}

/** By id; what there is not is left out. */
export async function readRecords(
  db: Kysely<Database>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DeploymentRecord>> {
  const rows = await selectRecords(db)
    .where(sql<boolean>`d.id = any(${ids}::uuid[])`)
    .execute();
  return new Map(rows.map((row) => [row.id, toRecord(row)]));
}

export async function readPredecessors(db: Kysely<Database>, lease: Lease): Promise<readonly DeploymentRecord[]> {
  const rows = await predecessors.ask(db, lease.environmentId, lease.deploymentId);
  return rows.map(toRecord);
}

export async function readAlive(db: Kysely<Database>, environmentId: string): Promise<readonly DeploymentRecord[]> {
  const rows = await selectRecords(db)
    .where('d.environment_id', '=', environmentId)
    .where(isOneOf('d.state', ['running', 'deploying', 'ready', 'completed', 'paused']))
    .orderBy('d.number')
    .execute();
  return rows.map(toRecord);
}

/** Everything that a record holds in one question: it is asked for dozens of times in a deployment. */
function selectRecords(db: Kysely<Database>) {
  return selectDeployments(db)
    .leftJoin('slot as s', 's.deployment_id', 'd.id')
    .leftJoin('observation as o', (join) => join.onRef('o.deployment_id', '=', 'd.id').on('o.closed_at', 'is', null))
    .leftJoin('repository_credential as c', 'c.project_id', 'd.project_id')
    .select(['s.number as slot_number', 'o.standby_id', 'o.view as observed_view'])
    .select(['c.id as credential_id', 'c.sealed as credential_sealed'])
    .select(appOf('d').as('app_api_url'))
    .select(isContractDue('d').as('contract_due'))
    .select((of) => [
      jsonArrayFrom(
        of.selectFrom('job').selectAll('job').whereRef('job.deployment_id', '=', 'd.id').orderBy('job.position'),
      ).as('jobs'),
      jsonArrayFrom(
        of
          .selectFrom('instance')
          .selectAll('instance')
          .whereRef('instance.deployment_id', '=', 'd.id')
          .orderBy('instance.process')
          .orderBy('instance.ordinal'),
      ).as('instances'),
    ]);
}

/** The App's API where it is not known to have no access to the project's repository. */
function appOf(deployment: string): RawBuilder<string | null> {
  return sql`(
    select app.api_url from github_app app where not exists (
      select from provider_access known
      where known.project_id = ${sql.ref(`${deployment}.project_id`)} and known.installation in ('missing', 'suspended')
    )
  )`;
}

type RecordRow = Awaited<ReturnType<ReturnType<typeof selectRecords>['execute']>>[number];

function toRecord(row: RecordRow): DeploymentRecord {
  return {
    deployment: toDeployment(row),
    jobs: row.jobs.map((job) => toJob({ ...job, started_at: utc(job.started_at), ended_at: utc(job.ended_at) })),
    instances: row.instances.map((instance) => toInstance({ ...instance, crashed_at: utc(instance.crashed_at) })),
    slot: row.slot_number,
    standbyId: row.standby_id,
    observed: row.observed_view,
    verdict: row.verdict,
    want: row.want,
    wantedVerdict: row.wanted_verdict,
    contractDue: row.contract_due,
    sealedVariables: row.sealed_variables,
    sealedCredential: toSealedCredential(row),
    githubAppHost: row.app_api_url === null ? null : webOrigin(row.app_api_url),
    counterBaseline: row.counter_baseline,
    serves: row.serves,
  };
}

function toSealedCredential({ credential_id: id, credential_sealed: sealed }: RecordRow): SealedCredential | null {
  return id === null || sealed === null ? null : { id, sealed };
}

/** Times inside JSON are written with the session's offset. */
function utc(time: string | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

export async function readRoute(db: Kysely<Database>, environmentId: string): Promise<EnvironmentRoute | null> {
  const [row] = await oneRoute.ask(db, environmentId);
  return row === undefined ? null : toEnvironmentRoute(db, row);
}

export async function drawRevision(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ revision: number }>`select nextval('route_revision') as revision`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('a sequence gave no number');
  return row.revision;
}

/** By environment. */
export async function readRoutes(
  db: Kysely<Database>,
  environmentIds: readonly string[],
): Promise<ReadonlyMap<string, EnvironmentRoute>> {
  const routes = new Map<string, EnvironmentRoute>();
  const rows = await selectRoutes(db)
    .where(sql<boolean>`e.id = any(${environmentIds}::uuid[])`)
    .execute();
  for (const row of rows) routes.set(row.id, await toEnvironmentRoute(db, row));
  return routes;
}

function selectRoutes(db: Kysely<Database>) {
  return db
    .selectFrom('environment as e')
    .leftJoin('route as r', 'r.environment_id', 'e.id')
    .leftJoin('preview as p', 'p.environment_id', 'e.id')
    .leftJoin('preview_setting as s', 's.project_id', 'p.project_id')
    .select(['p.id as preview_id', 's.value', 's.password'])
    .select(['e.id', 'e.deleting', 'r.stable', 'r.candidate', 'r.share', 'r.mode', 'r.observed', 'r.revision'])
    .select((of) =>
      jsonArrayFrom(
        of.selectFrom('host').select('host').whereRef('host.environment_id', '=', 'e.id').orderBy('host.position'),
      ).as('hosts'),
    );
}

type RouteRow = Awaited<ReturnType<ReturnType<typeof selectRoutes>['execute']>>[number];

async function toEnvironmentRoute(db: Kysely<Database>, row: RouteRow): Promise<EnvironmentRoute> {
  return {
    hosts: row.hosts.map(({ host }) => host),
    // Whoever is being deleted gets no visitors any more, whatever its route said.
    target: row.deleting ? null : toRoute(row),
    guard: row.preview_id === null ? null : toGuard(row),
    held: row.mode === 'held' ? await readHeld(db, row.id) : null,
    revision: row.revision,
  };
}

/** The last time that requests were told to wait; asked only while they do. */
async function readHeld(db: Kysely<Database>, environmentId: string): Promise<Held | null> {
  const result = await sql<Held>`
    select (extract(epoch from clock_timestamp() - t.at) * 1000)::float8 as "forMs", t.entry -> 'uptime' as since
    from timeline t join deployment d on d.id = t.deployment_id
    where d.environment_id = ${environmentId} and t.entry ->> 'kind' = 'traffic.held'
      and d.state not in ('failed', 'cancelled', 'stopped')
    order by t.id desc limit 1`.execute(db);
  return result.rows[0] ?? null;
}

export async function addInstances(
  db: Kysely<Database>,
  lease: Lease,
  instances: readonly NewInstance[],
): Promise<readonly Instance[]> {
  const { rows } = await sql<Selectable<InstanceTable> | { readonly id: null }>`
    with held as (
      select id from deployment where id = ${lease.deploymentId} and epoch = ${lease.epoch} for update
    ),
    new as (
      select * from jsonb_to_recordset(${toJson(instances)}::jsonb) as one (id uuid, process text, ordinal int, port int)
    ),
    added as (
      insert into instance (id, deployment_id, process, ordinal, port, phase)
      select new.id, held.id, new.process, new.ordinal, new.port, 'starting' from held, new
      on conflict (deployment_id, process, ordinal) do nothing
      returning *
    ),
    known as (
      select instance.* from instance, held, new
      where instance.deployment_id = held.id and instance.process = new.process and instance.ordinal = new.ordinal
    )
    select there.* from held left join (select * from added union all select * from known) there on true
    order by there.process, there.ordinal`.execute(db);
  if (rows.length === 0) throw new FencedError(lease.deploymentId);
  return rows.flatMap((row) => (row.id === null ? [] : [toInstance(row)]));
}
