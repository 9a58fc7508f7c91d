import { releaseProcess } from '../../../domain/processes.ts';
import type { Step } from '../deploy.ts';
import { runOnce } from '../run-once.ts';

const job = 'RunReleaseJob';

/** Runs once in the new image, with the new configuration, before any traffic (rule 5.8). */
export const runRelease: Step = {
  name: 'run-release',
  job: () => job,
  isDone: ({ jobs, deployment }) => {
    const planned = jobs.find(({ type }) => type === job);
    return planned === undefined || planned.status === 'success' || deployment.state !== 'running';
  },
  run: (run) => runOnce(run, releaseProcess),
};
