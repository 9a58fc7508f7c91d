import type { TimelineEntry } from '../../domain/timeline.ts';
import type { DeploymentRecord, JournalEntry, Write } from '../ports/deployment-store.ts';
import type { Step } from './deploy.ts';

interface Finished {
  readonly jobs: NonNullable<Write['jobs']>;
  readonly timeline: readonly TimelineEntry[];
  readonly journal: readonly JournalEntry[];
}

/**
 * Jobs of the steps before the present one: they are done, though their status does not say so yet. It is written together with
 * what comes next: one commit a step, and a crash in between is made good by whoever leads the deployment after it.
 */
export function finishedJobs(record: DeploymentRecord, earlier: readonly Step[]): Finished {
  const done = earlier.filter((step) => {
    const job = record.jobs.find(({ type }) => type === step.job(record));
    return job?.status === 'running';
  });
  const jobs = done.map((step) => step.job(record));
  return {
    jobs: jobs.map((type) => ({ type, status: 'success' })),
    timeline: jobs.map((job) => ({ kind: 'job.finished', job, status: 'success', error: null })),
    journal: done.map(({ name }) => ({ step: name, status: 'done' })),
  };
}
