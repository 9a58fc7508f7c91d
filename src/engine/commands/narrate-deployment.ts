import { stripVTControlCharacters } from 'node:util';
import { jobLogName, type Deployment } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { JobType } from '../../domain/job.ts';
import { describeEntry, type TimelineEntry } from '../../domain/timeline.ts';
import { followTimeline, readLog } from './deployments-follow.ts';
import type { DeploymentDependencies } from './deployments.ts';

type Tell = (line: string) => void;

const build = 'BuildImageJob';
const lastLines = 20;

/**
 * Tells a deployment's timeline line by line, and the log of its build while that runs (which has what the timeline says meanwhile), until it
 * is over, paused, or nobody listens.
 */
export async function narrate(
  dependencies: DeploymentDependencies,
  { id }: Deployment,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  let building = false;
  for await (const { entry } of followTimeline(dependencies, id, { after: 0, follow: true }, signal)) {
    if (entry.kind === 'job.finished' && entry.job === build) building = false;
    if (!building && isTold(entry)) tell(describeEntry(entry));
    if (entry.kind === 'job.started' && entry.job === build) {
      building = true;
      await tellLog(dependencies, id, tell, signal);
    }
    if (entry.kind === 'job.finished' && entry.status === 'failure' && entry.job !== build)
      await tellEndOfLog(dependencies, { id, job: entry.job, said: entry.error ?? '' }, tell);
    if (entry.kind === 'state.changed' && entry.to === 'paused') return;
  }
}

/** Of the timeline, in a job's log. */
const saysNothing = /^\w+Job(?: started|: success)$/;

/** What says nothing that the others do not say. */
function isTold(entry: TimelineEntry): boolean {
  return entry.kind !== 'job.started' && !(entry.kind === 'job.finished' && entry.status === 'success');
}

async function tellLog(
  dependencies: DeploymentDependencies,
  id: string,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const request = { log: build, offset: 0, follow: true };
  try {
    for await (const { text } of readLog(dependencies, id, request, signal))
      if (!saysNothing.test(text)) tell(stripVTControlCharacters(text));
  } catch (error) {
    // Of a job that wrote nothing there is no log.
    const gone = error instanceof CutoverError && error.code === 'not_found';
    if (!signal.aborted && !gone) throw error;
  }
}

interface EndOfLog {
  readonly id: string;
  readonly job: JobType;
  /** What the timeline has said already. */
  readonly said: string;
}

async function tellEndOfLog({ logs }: DeploymentDependencies, { id, job, said }: EndOfLog, tell: Tell): Promise<void> {
  const lines = (await logs.tail(jobLogName(id, job), lastLines)).map(({ text }) => stripVTControlCharacters(text));
  for (const line of lines) if (!said.includes(line)) tell(`  ${line}`);
}
