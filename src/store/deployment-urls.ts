import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { DeploymentWithoutUrl, OutdatedUrl } from '../engine/ports/preview-store.ts';
import type { Database } from './schema.ts';

/** It shows a pull request or a branch, and not one deployment of another preview. */
export function isNoDeploymentUrl(preview: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${preview}.subject`)} ->> 'kind' <> 'deployment'`;
}

const wanted = sql<number>`coalesce((s.value ->> 'deploymentUrls')::int, 0)`;

/** One that had a URL once, and was closed, gets none again. */
export async function deploymentsWithoutUrl(db: Kysely<Database>): Promise<readonly DeploymentWithoutUrl[]> {
  const { rows } = await sql<DeploymentWithoutUrl>`
    select p.project_id as "projectId", project.name as "projectName", p.repository, p.name as preview, p.branch, d.number,
      coalesce(d.source -> 'commit' ->> 'sha', d.source ->> 'requestedCommit') as commit
    from preview_setting s
    join project on project.id = s.project_id and not project.deleting
    join preview p on p.project_id = s.project_id and p.open and ${isNoDeploymentUrl('p')}
    join environment e on e.id = p.environment_id and not e.deleting
    join deployment d on d.id = e.current_deployment_id and d.state = 'completed'
    where ${wanted} > 0 and not exists (
      select from preview url
      where url.project_id = p.project_id and url.subject ->> 'kind' = 'deployment' and url.subject_key = 'deployment:' || d.number
    )
    order by d.number`.execute(db);
  return rows;
}

export async function outdatedUrls(db: Kysely<Database>): Promise<readonly OutdatedUrl[]> {
  const { rows } = await sql<OutdatedUrl>`
    select url.project_id as "projectId", url.subject,
      case when shown.open then 'newer deployments of ' || (url.subject ->> 'preview') || ' have taken its place'
        else 'the preview ' || (url.subject ->> 'preview') || ' is closed' end as reason
    from (
      select project_id, subject, row_number() over (
        partition by project_id, subject ->> 'preview' order by (subject ->> 'number')::int desc
      ) as place
      from preview where open and subject ->> 'kind' = 'deployment'
    ) url
    left join preview shown on shown.project_id = url.project_id and shown.name = url.subject ->> 'preview'
    left join preview_setting s on s.project_id = url.project_id
    where shown.open is not true or url.place > ${wanted}`.execute(db);
  return rows;
}
