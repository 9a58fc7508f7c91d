import type { Step } from '../deploy.ts';

/** Brings the exact commit here. From then on nothing asks what the branch's head is (rule 3.5). */
export const downloadRepository: Step = {
  name: 'download-repository',
  job: () => 'DownloadRepoJob',
  isDone: (record) => record.deployment.source.commit !== null,
  async run(run) {
    const { source } = run.deployment;
    const asked = source.requestedCommit === null ? `branch ${source.branch}` : `commit ${source.requestedCommit}`;
    run.say(`fetching ${asked}`);
    const commit = await run.ports.source.fetch(
      { repository: source.repository, branch: source.branch, commit: source.requestedCommit },
      (line) => run.logs.write('DownloadRepoJob', 'stderr', line),
      run.signal,
    );
    await run.write({ commit, timeline: [{ kind: 'source.resolved', commit: commit.sha, message: commit.message }] });
  },
};
