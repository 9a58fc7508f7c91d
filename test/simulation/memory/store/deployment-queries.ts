import type { Deployment } from '../../../../src/domain/deployment.ts';
import type { Observation } from '../../../../src/domain/observation.ts';
import { nothingKnown, type QueueFacts } from '../../../../src/domain/queue.ts';
import type { DeploymentQueries } from '../../../../src/engine/ports/deployment-store.ts';
import { instancesOf } from './deployment-records.ts';
import { byNumber, byUrgency, isActive, isPending } from './deployment-rows.ts';
import { answeredBefore } from './idempotency.ts';
import type { DeploymentRow } from './rows.ts';
import { isoTime, type Connection, type Transaction } from './transaction.ts';

const queueLimit = 1_000;

/** What the API asks. */
export function memoryDeploymentQueries(connection: Connection): DeploymentQueries {
  const db = () => connection.read().db;
  return {
    answered: async (idempotency) => answeredBefore(db(), idempotency),
    async byNumber(projectId, number) {
      const rows = db().deployments.where('project', projectId);
      return rows.find(({ deployment }) => deployment.number === number)?.deployment ?? null;
    },
    async list({ projectId, environmentId, state, before = Infinity, limit }) {
      const rows = db().deployments.where('project', projectId);
      return newest(
        rows.filter(
          ({ deployment }) =>
            deployment.number < before &&
            (environmentId === undefined || deployment.environmentId === environmentId) &&
            (state === undefined || deployment.state === state),
        ),
      ).slice(0, limit);
    },
    jobs: async (deploymentId) => db().deployments.get(deploymentId)?.jobs ?? [],
    instances: async (deploymentId) => instancesOf(db(), deploymentId),
    async timeline(deploymentId, after, limit) {
      const entries = db().timelines.get(deploymentId) ?? [];
      return entries.filter(({ id }) => id > after).slice(0, limit);
    },
    observation: async (deploymentId) => readObservation(connection.read(), deploymentId),
    async served(environmentId, limit) {
      const rows = db().deployments.where('environment', environmentId);
      return newest(rows.filter(({ deployment }) => deployment.completedAt !== null)).slice(0, limit);
    },
    async lastContract(environmentId) {
      return newest(db().deployments.where('environment', environmentId).filter(hasBegunContract))[0] ?? null;
    },
    async queue(projectId) {
      const { deployments } = db();
      const live = deployments.groups('live').flatMap((environmentId) => deployments.where('live', environmentId));
      return live
        .filter((row) => isPending(row) || isActive(row))
        .filter(({ deployment }) => projectId === null || deployment.projectId === projectId)
        .toSorted(byUrgency)
        .slice(0, queueLimit)
        .map(({ deployment }) => deployment);
    },
    queueFacts: async (deploymentIds) => new Map(deploymentIds.map((id) => [id, queueFacts(connection.read(), id)])),
    async queueLength({ exceptProject }) {
      const { deployments } = db();
      const live = deployments.groups('live').flatMap((environmentId) => deployments.where('live', environmentId));
      const others = live.filter(
        (row) => row.deployment.projectId !== exceptProject && (isPending(row) || isActive(row)),
      );
      const waiting = others.filter(isPending).length;
      return { waiting, running: others.length - waiting };
    },
  };
}

function newest(rows: readonly DeploymentRow[]): readonly Deployment[] {
  return rows.toSorted((a, b) => byNumber(b, a)).map(({ deployment }) => deployment);
}

const longestWaitMs = 60_000;

function queueFacts({ db, now }: Transaction, deploymentId: string): QueueFacts {
  const row = db.deployments.get(deploymentId);
  if (row === undefined) return nothingKnown;
  const last = db.timelines.get(deploymentId)?.at(-1);
  const waits = row.deployment.state === 'running' && last?.entry.kind === 'build.waiting';
  const isLater = row.leaseUntil === null && row.notBefore > now && row.notBefore < now + longestWaitMs;
  return { buildWaitsSince: waits ? last.at : null, notBefore: isLater ? isoTime(row.notBefore) : null };
}

/** One that failed may have done a part of its work. */
function hasBegunContract({ jobs }: DeploymentRow): boolean {
  return jobs.some(
    ({ type, status }) =>
      type === 'RunContractJob' && (status === 'running' || status === 'success' || status === 'failure'),
  );
}

function readObservation({ db }: Transaction, deploymentId: string): Observation | null {
  const row = db.observations.get(deploymentId);
  if (row === undefined) return null;
  const standby = row.standbyId === null ? undefined : db.deployments.get(row.standbyId);
  return {
    standby: standby?.deployment.number ?? null,
    openedAt: isoTime(row.openedAt),
    endsAt: row.endsAt === null ? null : isoTime(row.endsAt),
    closedAt: row.closedAt === null ? null : isoTime(row.closedAt),
    outcome: row.outcome,
    view: row.view,
  };
}
