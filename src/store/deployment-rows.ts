import { sql, type Kysely, type Selectable } from 'kysely';
import type { Deployment, DeploymentSummary, Instance, Job } from '../domain/deployment.ts';
import { nothingMeasured } from '../domain/measurements.ts';
import type { RouteTarget } from '../domain/route.ts';
import type { Database, DeploymentTable, InstanceTable, JobTable, RouteTable } from './schema.ts';
import { completeConfiguration } from './stored-settings.ts';

/** A deployment with the names of its project and environment. */
export function selectDeployments(db: Kysely<Database>) {
  return db
    .selectFrom('deployment as d')
    .innerJoin('project as p', 'p.id', 'd.project_id')
    .innerJoin('environment as e', 'e.id', 'd.environment_id')
    .selectAll('d')
    .select(['p.name as project_name', 'e.name as environment_name'])
    .select(sql<boolean>`coalesce(e.current_deployment_id = d.id, false)`.as('serves'));
}

/** The same without what only one who looks at a single deployment wants to know, which is most of a row. */
export function selectSummaries(db: Kysely<Database>) {
  return db
    .selectFrom('deployment as d')
    .innerJoin('project as p', 'p.id', 'd.project_id')
    .innerJoin('environment as e', 'e.id', 'd.environment_id')
    .select(summaryColumns)
    .select(['p.name as project_name', 'e.name as environment_name']);
}

const summaryColumns = [
  'd.id',
  'd.project_id',
  'd.environment_id',
  'd.number',
  'd.kind',
  'd.origin',
  'd.state',
  'd.reason',
  'd.failure',
  'd.source',
  'd.trigger',
  'd.artifact',
  'd.requests',
  'd.measurements',
  'd.paused_from',
  'd.created_at',
  'd.started_at',
  'd.ready_at',
  'd.completed_at',
  'd.finished_at',
  'd.artifact_gone_at',
  'd.logs_removed_at',
  'd.history_removed_at',
] as const;

type SummaryRow = Awaited<ReturnType<ReturnType<typeof selectSummaries>['execute']>>[number];

export type DeploymentRow = Selectable<DeploymentTable> & {
  readonly project_name: string;
  readonly environment_name: string;
  readonly serves: boolean;
};

export function toDeployment(row: DeploymentRow): Deployment {
  return { ...toSummary(row), configuration: completeConfiguration(row.configuration) };
}

export function toSummary(row: SummaryRow): DeploymentSummary {
  return {
    id: row.id,
    projectId: row.project_id,
    projectName: row.project_name,
    environmentId: row.environment_id,
    environmentName: row.environment_name,
    number: row.number,
    kind: row.kind,
    origin: row.origin,
    state: row.state,
    reason: row.reason,
    failure: row.failure,
    source: row.source,
    trigger: row.trigger,
    artifact: row.artifact,
    requests: row.requests,
    measurements: { ...nothingMeasured, ...row.measurements },
    pausedFrom: row.paused_from,
    createdAt: row.created_at,
    startedAt: row.started_at,
    readyAt: row.ready_at,
    completedAt: row.completed_at,
    finishedAt: row.finished_at,
    removed: { artifactAt: row.artifact_gone_at, logsAt: row.logs_removed_at, historyAt: row.history_removed_at },
  };
}

/** In the order in which they are done. */
export async function readJobs(db: Kysely<Database>, deploymentId: string): Promise<readonly Job[]> {
  const rows = await db
    .selectFrom('job')
    .selectAll()
    .where('deployment_id', '=', deploymentId)
    .orderBy('position')
    .execute();
  return rows.map(toJob);
}

export async function readInstances(db: Kysely<Database>, deploymentId: string): Promise<readonly Instance[]> {
  const rows = await db
    .selectFrom('instance')
    .selectAll()
    .where('deployment_id', '=', deploymentId)
    .orderBy('process')
    .orderBy('ordinal')
    .execute();
  return rows.map(toInstance);
}

export function toJob(row: Selectable<JobTable>): Job {
  return {
    type: row.type,
    order: row.position,
    dependsOn: row.depends_on,
    required: row.required,
    status: row.status,
    error: row.error,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

export function toInstance(row: Selectable<InstanceTable>): Instance {
  return {
    id: row.id,
    deploymentId: row.deployment_id,
    startedBy: row.started_by ?? row.deployment_id,
    process: row.process,
    ordinal: row.ordinal,
    phase: row.phase,
    address: row.address,
    port: row.port,
    restarts: row.restarts,
    crashedAt: row.crashed_at,
  };
}

type RouteColumns = Pick<Selectable<RouteTable>, 'stable' | 'candidate' | 'share' | 'mode' | 'observed'>;

/** null: there is no row (the columns come from an outer join). */
export function toRoute(row: { readonly [K in keyof RouteColumns]: RouteColumns[K] | null }): RouteTarget | null {
  const { stable, candidate, share, mode, observed } = row;
  if (stable === null || share === null || mode === null || observed === null) return null;
  return { stable, candidate, share, mode, observed };
}
