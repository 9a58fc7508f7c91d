import { sql, type Kysely, type Selectable } from 'kysely';
import type { DeploymentHost, Preview, PreviewDeployment } from '../domain/preview.ts';
import type { PreviewTable } from './preview-tables.ts';
import type { Database } from './schema.ts';

interface PreviewRow extends Selectable<PreviewTable> {
  readonly project_name: string;
  readonly hosts: readonly string[];
  readonly deployment: PreviewDeployment | null;
  readonly asleep_since: string | null;
  readonly deployment_hosts: readonly DeploymentHost[];
}

/** With the project's name, the hosts of its environment, and the newest deployment there. */
export function selectPreviews(db: Kysely<Database>) {
  return db
    .selectFrom('preview as p')
    .innerJoin('project', 'project.id', 'p.project_id')
    .selectAll('p')
    .select('project.name as project_name')
    .select(
      sql<string[]>`array(select host from host where environment_id = p.environment_id order by position)`.as('hosts'),
    )
    .select(
      sql<PreviewDeployment | null>`(
        select jsonb_build_object('id', d.id, 'number', d.number, 'state', d.state, 'reason', d.reason)
        from deployment d where d.environment_id = p.environment_id order by d.number desc limit 1
      )`.as('deployment'),
    )
    .select(
      sql<string | null>`(select asleep_since from route where environment_id = p.environment_id)`.as('asleep_since'),
    )
    .select(
      sql<DeploymentHost[]>`coalesce((
        select jsonb_agg(
          jsonb_build_object('number', (url.subject ->> 'number')::int, 'host', h.host)
          order by (url.subject ->> 'number')::int desc
        )
        from preview url join host h on h.environment_id = url.environment_id and h.position = 0
        where url.project_id = p.project_id and url.open
          and url.subject ->> 'kind' = 'deployment' and url.subject ->> 'preview' = p.name
      ), '[]'::jsonb)`.as('deployment_hosts'),
    )
    .where('project.deleting', '=', false);
}

export function toPreview(row: PreviewRow): Preview {
  return {
    id: row.id,
    projectId: row.project_id,
    projectName: row.project_name,
    repository: row.repository,
    subject: row.subject,
    name: row.name,
    branch: row.branch,
    commit: row.commit,
    title: row.title,
    link: row.link,
    fromFork: row.from_fork,
    approvedCommit: row.approved_commit,
    approvedBy: row.approved_by,
    open: row.open,
    finished: row.finished,
    closedReason: row.closed_reason,
    revision: row.revision,
    deployedRevision: row.deployed_revision,
    environmentId: row.environment_id,
    hosts: row.hosts,
    asleepSince: row.asleep_since,
    deployment: row.deployment,
    deploymentHosts: row.deployment_hosts,
    pushedAt: row.pushed_at,
    createdAt: row.created_at,
  };
}

/** Error: none; null where there is no such preview, or its project is being deleted. */
export async function readPreview(db: Kysely<Database>, id: string): Promise<Preview | null> {
  const row = await selectPreviews(db).where('p.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toPreview(row);
}

/** Whoever changes the previews of a project takes turns, and it does not go meanwhile. False when it is gone. */
export async function holdProject(tx: Kysely<Database>, projectId: string): Promise<boolean> {
  const project = await tx
    .selectFrom('project')
    .select('id')
    .where('id', '=', projectId)
    .where('deleting', '=', false)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return project !== undefined;
}
