import { releaseProcess } from '../../../domain/processes.ts';
import type { Step } from '../deploy.ts';
import { runOnce } from '../run-once.ts';
import { isPast } from './is-past.ts';

const job = 'RunReleaseJob';

/** Runs once in the new image, with the new configuration, before any traffic (rule 5.8). */
export const runRelease: Step = {
  name: 'run-release',
  job: () => job,
  isDone: (record) => isPast(record, job),
  run: (run) => runOnce(run, releaseProcess),
};
