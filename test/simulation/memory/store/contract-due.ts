import type { MemoryDatabase } from './database.ts';
import { changeDeployment, serves } from './deployment-rows.ts';
import type { DeploymentRow } from './rows.ts';
import { appendTimeline, isoTime, type Transaction } from './transaction.ts';

/** Its contract step is to be run, or gone on with after a crash (rule 5.8). */
export function isContractDue(db: MemoryDatabase, row: DeploymentRow): boolean {
  const { id, environmentId, state } = row.deployment;
  if (state !== 'completed') return false;
  const isOpen = row.jobs.some(
    ({ type, status }) => type === 'RunContractJob' && (status === 'pending' || status === 'running'),
  );
  if (!isOpen || !serves(db, row) || db.environments.get(environmentId)?.deleting !== false) return false;
  const observation = db.observations.get(id);
  return observation === undefined || observation.outcome === 'passed';
}

/** The step belongs after an observation that has passed: without that it is never run. What has begun keeps its status. */
export function skipContract(tx: Transaction, { deployment }: DeploymentRow, why: string): void {
  const row = tx.db.deployments.get(deployment.id);
  const waits = row?.jobs.some(({ type, status }) => type === 'RunContractJob' && status === 'pending');
  if (row === undefined || waits !== true) return;
  const error = `the observation did not pass: ${why}`;
  const skipped = { status: 'skipped', error, endedAt: isoTime(tx.now) } as const;
  const jobs = row.jobs.map((job) => (job.type === 'RunContractJob' ? { ...job, ...skipped } : job));
  changeDeployment(tx.db, row, { jobs });
  appendTimeline(tx, row, [{ kind: 'job.finished', job: 'RunContractJob', status: 'skipped', error }]);
}
