import { sql, type Kysely } from 'kysely';
import type { Deployment } from '../domain/deployment.ts';
import type { DeploymentQueries } from '../engine/ports/deployment-store.ts';
import { selectDeployments, toDeployment, toInstance, toJob } from './deployment-rows.ts';
import type { Database } from './schema.ts';

/** What the API asks. Keyset pagination by number. */
export function createDeploymentQueries(db: Kysely<Database>): DeploymentQueries {
  return {
    async byNumber(projectId, number) {
      const row = await selectDeployments(db)
        .where('d.project_id', '=', projectId)
        .where('d.number', '=', number)
        .executeTakeFirst();
      return row === undefined ? null : toDeployment(row);
    },
    async list({ projectId, environmentId, before, limit }) {
      let query = selectDeployments(db).where('d.project_id', '=', projectId);
      if (environmentId !== undefined) query = query.where('d.environment_id', '=', environmentId);
      if (before !== undefined) query = query.where('d.number', '<', before);
      return (await query.orderBy('d.number', 'desc').limit(limit).execute()).map(toDeployment);
    },
    async jobs(deploymentId) {
      const rows = await db
        .selectFrom('job')
        .selectAll()
        .where('deployment_id', '=', deploymentId)
        .orderBy('position')
        .execute();
      return rows.map(toJob);
    },
    async instances(deploymentId) {
      const rows = await db
        .selectFrom('instance')
        .selectAll()
        .where('deployment_id', '=', deploymentId)
        .orderBy('ordinal')
        .execute();
      return rows.map(toInstance);
    },
    async timeline(deploymentId, after, limit) {
      const rows = await db
        .selectFrom('timeline')
        .selectAll()
        .where('deployment_id', '=', deploymentId)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        id: row.id,
        at: row.at,
        projectId: row.project_id,
        deploymentId: row.deployment_id,
        entry: row.entry,
      }));
    },
    queue: (projectId) => readQueue(db, projectId),
  };
}

async function readQueue(db: Kysely<Database>, projectId: string | null): Promise<readonly Deployment[]> {
  let query = selectDeployments(db).where('d.state', 'in', ['pending', 'running', 'deploying', 'ready']);
  if (projectId !== null) query = query.where('d.project_id', '=', projectId);
  const rows = await query
    .orderBy(sql`(d.state <> 'pending')`, 'desc')
    .orderBy('d.production', 'desc')
    .orderBy('d.created_at')
    .limit(1_000)
    .execute();
  return rows.map(toDeployment);
}
