import type { Kysely } from 'kysely';
import type { Deployment } from '../domain/deployment.ts';
import type { Observation } from '../domain/observation.ts';
import type { DeploymentQueries } from '../engine/ports/deployment-store.ts';
import { answeredBefore } from './idempotency.ts';
import {
  readInstances,
  readJobs,
  selectDeployments,
  selectSummaries,
  toDeployment,
  toSummary,
} from './deployment-rows.ts';
import { readQueue, readQueueFacts, readQueueLength } from './queue.ts';
import type { Database } from './schema.ts';

/** What the API asks. Keyset pagination by number. */
export function createDeploymentQueries(db: Kysely<Database>): DeploymentQueries {
  return {
    answered: (idempotency) => answeredBefore(db, idempotency),
    async byNumber(projectId, number) {
      const row = await selectDeployments(db)
        .where('d.project_id', '=', projectId)
        .where('d.number', '=', number)
        .executeTakeFirst();
      return row === undefined ? null : toDeployment(row);
    },
    async list({ projectId, environmentId, state, before, limit }) {
      let query = selectSummaries(db).where('d.project_id', '=', projectId);
      if (environmentId !== undefined) query = query.where('d.environment_id', '=', environmentId);
      if (state !== undefined) query = query.where('d.state', '=', state);
      if (before !== undefined) query = query.where('d.number', '<', before);
      return (await query.orderBy('d.number', 'desc').limit(limit).execute()).map(toSummary);
    },
    jobs: (deploymentId) => readJobs(db, deploymentId),
    instances: (deploymentId) => readInstances(db, deploymentId),
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
    observation: (deploymentId) => readObservation(db, deploymentId),
    served: (environmentId, limit) => readServed(db, environmentId, limit),
    lastContract: (environmentId) => readLastContract(db, environmentId),
    queue: (projectId) => readQueue(db, projectId),
    queueFacts: (deploymentIds) => readQueueFacts(db, deploymentIds),
    queueLength: ({ exceptProject }) => readQueueLength(db, exceptProject),
  };
}

async function readServed(db: Kysely<Database>, environmentId: string, limit: number): Promise<readonly Deployment[]> {
  const rows = await selectDeployments(db)
    .where('d.environment_id', '=', environmentId)
    .where('d.completed_at', 'is not', null)
    .orderBy('d.number', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toDeployment);
}

async function readLastContract(db: Kysely<Database>, environmentId: string): Promise<Deployment | null> {
  const row = await selectDeployments(db)
    .innerJoin('job as j', 'j.deployment_id', 'd.id')
    .where('d.environment_id', '=', environmentId)
    .where('j.type', '=', 'RunContractJob')
    // One that failed may have done a part of its work.
    .where('j.status', 'in', ['running', 'success', 'failure'])
    .orderBy('d.number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toDeployment(row);
}

async function readObservation(db: Kysely<Database>, deploymentId: string): Promise<Observation | null> {
  const row = await db
    .selectFrom('observation as o')
    .leftJoin('deployment as s', 's.id', 'o.standby_id')
    .select(['o.opened_at', 'o.ends_at', 'o.closed_at', 'o.outcome', 'o.view', 's.number as standby'])
    .where('o.deployment_id', '=', deploymentId)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    standby: row.standby,
    openedAt: row.opened_at,
    endsAt: row.ends_at,
    closedAt: row.closed_at,
    outcome: row.outcome,
    view: row.view,
  };
}
