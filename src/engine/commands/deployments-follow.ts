import { isFinal } from '../../domain/deployment-state.ts';
import { instanceLogName, jobLogName } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { jobTypes, type JobType } from '../../domain/job.ts';
import type { RecordedEntry } from '../ports/recorded-entry.ts';
import type { LogEntry } from '../ports/logs.ts';
import type { LogRequest } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';

const pageSize = 500;

/** Entries after `after`; with `follow`, until the deployment is completed or over. */
export async function* followTimeline(
  { queries, deployments, changes }: DeploymentDependencies,
  deploymentId: string,
  options: { readonly after: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<RecordedEntry> {
  using _watching = changes.watch(deploymentId);
  let { after } = options;
  while (!signal.aborted) {
    const seen = changes.version(deploymentId);
    // The state is read before the entries: when it is settled, every entry that led to it is among them.
    const record = await deployments.record(deploymentId);
    const settled = record === null || isFinal(record.deployment.state) || record.deployment.state === 'completed';
    const entries = await queries.timeline(deploymentId, after, pageSize);
    for (const entry of entries) {
      after = entry.id;
      yield entry;
    }
    if (entries.length === pageSize) continue;
    if (settled || !options.follow) return;
    await changes.wait(deploymentId, seen, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

export async function* readLog(
  { queries, logs }: DeploymentDependencies,
  deploymentId: string,
  request: Pick<LogRequest, 'log' | 'offset' | 'follow'>,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const { log, offset, follow } = request;
  const jobs = await queries.jobs(deploymentId);
  const job = jobs.find(({ type }) => type === log);
  if (job !== undefined) {
    // Nothing more comes once the job is over, also if its log was cut short by a crash.
    const live = follow && (job.status === 'pending' || job.status === 'running');
    yield* logs.read(jobLogName(deploymentId, job.type), { offset, follow: live }, signal);
    return;
  }
  const instance = (await queries.instances(deploymentId)).find(({ id }) => id === log);
  if (instance === undefined)
    throw unknownLog(
      log,
      jobs.map(({ type }) => type),
    );
  const live = follow && instance.phase !== 'stopped' && instance.phase !== 'failed';
  yield* logs.read(instanceLogName(deploymentId, instance.id), { offset, follow: live }, signal);
}

function unknownLog(log: string, known: readonly JobType[]): CutoverError {
  const hint = (jobTypes as readonly string[]).includes(log)
    ? `this deployment has ${known.join(', ')}`
    : 'give a job type or the id of an instance';
  return new CutoverError('not_found', `there is no log "${log}": ${hint}`);
}
