import { isBuilt } from '../../../domain/deployment-kind.ts';
import { revisionOf, type CommitInfo } from '../../../domain/source.ts';
import { allOrNone } from '../all-or-none.ts';
import type { Step } from '../deploy.ts';
import type { DeploymentRun } from '../deployment-run.ts';
import { findBuiltAhead } from '../find-built.ts';
import { receiveDirectory } from '../receive-directory.ts';
import { lookAroundAhead } from '../rollout-scene.ts';

/** Brings the exact commit here, or reads the directory that was sent. From then on nothing asks what the branch's head is (rule 3.5). */
export const downloadRepository: Step = {
  name: 'download-repository',
  writesFirst: true,
  job: () => 'DownloadRepoJob',
  isDone: ({ deployment }) => !isBuilt(deployment.kind) || revisionOf(deployment.source) !== null,
  async run(run) {
    const { source } = run.deployment;
    if (source.kind === 'directory') return receiveDirectory(run, source);
    let commit: CommitInfo | null = null;
    await allOrNone(run.signal, [
      async (signal) => {
        commit = await fetch(run, signal);
      },
      () => run.flush(),
      async () => readAhead(run),
    ]);
    if (commit !== null) keep(run, commit);
  },
};

/** Git takes its time, and most of the time it brings what it brought before. */
function readAhead(run: DeploymentRun): void {
  lookAroundAhead(run);
  findBuiltAhead(run);
}

function fetch(run: DeploymentRun, signal: AbortSignal): Promise<CommitInfo> {
  const { source } = run.deployment;
  if (source.kind !== 'git') throw new Error(`nothing of the kind ${source.kind} is fetched`);
  const asked = source.requestedCommit === null ? `branch ${source.branch}` : `commit ${source.requestedCommit}`;
  run.say(`fetching ${asked}`);
  return run.ports.source.fetch(
    { repository: run.repository, branch: source.branch, commit: source.requestedCommit },
    (line) => run.logs.write('DownloadRepoJob', 'stderr', line),
    signal,
  );
}

/** Nothing is done with the commit before it is written. */
function keep(run: DeploymentRun, commit: CommitInfo): void {
  run.note({ commit, timeline: [{ kind: 'source.resolved', commit: commit.sha, message: commit.message }] });
}
