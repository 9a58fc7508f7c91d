import type { JobType } from '../../../domain/job.ts';
import type { DeploymentRecord } from '../../ports/deployment-store.ts';

/** Of a job before the first instance: it is no part of this deployment, it has succeeded, or the deployment has gone beyond it. */
export function isPast({ jobs, deployment }: DeploymentRecord, job: JobType): boolean {
  const planned = jobs.find(({ type }) => type === job);
  return planned === undefined || planned.status === 'success' || deployment.state !== 'running';
}
