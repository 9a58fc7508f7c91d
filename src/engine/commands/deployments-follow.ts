import { isFinal } from '../../domain/deployment-state.ts';
import { instanceLogName, jobLogName } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { jobTypes, type JobType } from '../../domain/job.ts';
import type { RecordedEntry } from '../ports/recorded-entry.ts';
import type { LogEntry } from '../ports/logs.ts';
import type { LogRequest } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';

const pageSize = 500;
const endGraceMs = 500;
/** Why a follow was ended, where that is no failure. */
const nothingMore = new Error('the log is over');

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

/** Lines of one log. A follow ends when the job or the instance is over, also where a crash left its log without an end. */
export async function* readLog(
  dependencies: DeploymentDependencies,
  deploymentId: string,
  request: Pick<LogRequest, 'log' | 'offset' | 'follow'>,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const name = await logName(dependencies, deploymentId, request.log);
  let { offset } = request;
  if (request.follow) {
    const over = new AbortController();
    const watching = abortWhenOver(dependencies, { deploymentId, log: request.log, over }, signal);
    const either = AbortSignal.any([signal, over.signal]);
    try {
      for await (const entry of dependencies.logs.read(name, { offset, follow: true }, either)) {
        offset = entry.next;
        yield entry;
      }
    } catch (error) {
      if (signal.aborted || !over.signal.aborted) throw error;
      if (over.signal.reason !== nothingMore) throw over.signal.reason;
    } finally {
      over.abort();
      await watching;
    }
  }
  // What was written between the last look and the end.
  yield* dependencies.logs.read(name, { offset, follow: false }, signal);
}

interface Watched {
  readonly deploymentId: string;
  readonly log: string;
  readonly over: AbortController;
}

/** Aborts `over` a moment after nothing more can come: the moment is for the log's own end to arrive first. */
async function abortWhenOver(
  { queries, changes, clock }: DeploymentDependencies,
  { deploymentId, log, over }: Watched,
  signal: AbortSignal,
): Promise<void> {
  using _watching = changes.watch(deploymentId);
  const either = AbortSignal.any([signal, over.signal]);
  try {
    for (;;) {
      const seen = changes.version(deploymentId);
      if (await isOver(queries, deploymentId, log)) break;
      await changes.wait(deploymentId, seen, either);
    }
    await clock.sleep(endGraceMs, either);
    over.abort(nothingMore);
  } catch (error) {
    // Aborted: the reader is gone or done. Anything else is the reader's to know: its answer must not hang.
    if (!either.aborted) over.abort(error);
  }
}

async function isOver(queries: DeploymentDependencies['queries'], deploymentId: string, log: string): Promise<boolean> {
  const job = (await queries.jobs(deploymentId)).find(({ type }) => type === log);
  if (job !== undefined) return job.status !== 'pending' && job.status !== 'running';
  const instance = (await queries.instances(deploymentId)).find(({ id }) => id === log);
  return instance === undefined || instance.phase === 'stopped' || instance.phase === 'failed';
}

async function logName({ queries }: DeploymentDependencies, deploymentId: string, log: string): Promise<string> {
  const jobs = await queries.jobs(deploymentId);
  const job = jobs.find(({ type }) => type === log);
  if (job !== undefined) return jobLogName(deploymentId, job.type);
  const instance = (await queries.instances(deploymentId)).find(({ id }) => id === log);
  if (instance !== undefined) return instanceLogName(instance);
  throw unknownLog(
    log,
    jobs.map(({ type }) => type),
  );
}

function unknownLog(log: string, known: readonly JobType[]): CutoverError {
  const hint = (jobTypes as readonly string[]).includes(log)
    ? `this deployment has ${known.join(', ')}`
    : 'give a job type or the id of an instance';
  return new CutoverError('not_found', `there is no log "${log}": ${hint}`);
}
