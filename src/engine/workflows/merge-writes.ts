import { transition } from '../../domain/deployment-state.ts';
import { resolveSource } from '../../domain/source.ts';
import type { Instance } from '../../domain/deployment.ts';
import type { DeploymentRecord, Write } from '../ports/deployment-store.ts';

/** What was found out or begun, and can be found out again: it may wait for the next write. Never what others act upon. */
export type Note = Pick<
  Write,
  | 'timeline'
  | 'jobs'
  | 'journal'
  | 'commit'
  | 'digest'
  | 'tree'
  | 'configured'
  | 'artifact'
  | 'plan'
  | 'instances'
  | 'counterBaseline'
  | 'requests'
  | 'measurements'
>;

/** Two writes as one transaction; of what can be said only once, the later one holds. */
export function mergeWrites(earlier: Note, later: Write): Write {
  if (Object.keys(earlier).length === 0) return later;
  if (Object.keys(later).length === 0) return earlier;
  const timeline = joined(earlier.timeline, later.timeline);
  const jobs = joined(earlier.jobs, later.jobs);
  const journal = joined(earlier.journal, later.journal);
  const instances = joined(earlier.instances, later.instances);
  const configured = { ...earlier.configured, ...later.configured };
  const measurements = { ...earlier.measurements, ...later.measurements };
  return {
    ...earlier,
    ...later,
    ...(Object.keys(configured).length > 0 ? { configured } : {}),
    ...(Object.keys(measurements).length > 0 ? { measurements } : {}),
    ...(timeline.length > 0 ? { timeline } : {}),
    ...(jobs.length > 0 ? { jobs } : {}),
    ...(journal.length > 0 ? { journal } : {}),
    ...(instances.length > 0 ? { instances } : {}),
  };
}

/** The record as it will be read once this is written, as far as a note goes, and its state. */
export function foresee(record: DeploymentRecord, note: Note & Pick<Write, 'transition'>): DeploymentRecord {
  if (Object.keys(note).length === 0) return record;
  const { deployment } = record;
  const next = note.transition === undefined ? null : transition(deployment.state, note.transition);
  const instanceChanges = new Map<string, object>();
  for (const change of note.instances ?? [])
    instanceChanges.set(change.id, { ...instanceChanges.get(change.id), ...change });
  return {
    ...record,
    deployment: {
      ...deployment,
      state: next?.ok === true ? next.state : deployment.state,
      source: resolveSource(deployment.source, note),
      artifact: note.artifact ?? deployment.artifact,
      configuration: { ...deployment.configuration, ...note.configured },
      requests: note.requests ?? deployment.requests,
      measurements: { ...deployment.measurements, ...note.measurements },
    },
    counterBaseline: note.counterBaseline ?? record.counterBaseline,
    jobs: foreseenJobs(record.jobs, note),
    instances: record.instances.map((instance) => ({ ...instance, ...instanceChanges.get(instance.id) })),
  };
}

/** The record with these instances: new ones, or newer readings of those that are known. */
export function withInstances(record: DeploymentRecord, rows: readonly Instance[]): DeploymentRecord {
  const instances = new Map([...record.instances, ...rows].map((instance) => [instance.id, instance]));
  return { ...record, instances: [...instances.values()] };
}

function foreseenJobs(jobs: DeploymentRecord['jobs'], { plan, jobs: changes = [] }: Note): DeploymentRecord['jobs'] {
  const statuses = new Map(changes.map(({ type, status }) => [type, status]));
  return planned(jobs, plan).map((job) => ({ ...job, status: statuses.get(job.type) ?? job.status }));
}

function planned(jobs: DeploymentRecord['jobs'], plan: Note['plan']): DeploymentRecord['jobs'] {
  if (plan === undefined) return jobs;
  const begun = jobs.filter(({ status }) => status !== 'pending');
  const added = plan.filter(({ type }) => !begun.some((job) => job.type === type));
  const nothingYet = { status: 'pending', error: null, startedAt: null, endedAt: null } as const;
  return [...begun, ...added.map((job) => ({ ...job, ...nothingYet }))].toSorted((a, b) => a.order - b.order);
}

function joined<T>(earlier: readonly T[] = [], later: readonly T[] = []): readonly T[] {
  return [...earlier, ...later];
}
