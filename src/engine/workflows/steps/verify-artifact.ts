import { CutoverError } from '../../../domain/errors.ts';
import { artifactCheck } from '../artifact-check.ts';
import type { Step } from '../deploy.ts';

const job = 'VerifyLocalImageJob';

/** What is run again must still be here, unchanged: it is named by its content. */
export const verifyArtifact: Step = {
  name: 'verify-artifact',
  job: () => job,
  isDone: ({ jobs, deployment }) => {
    const planned = jobs.find(({ type }) => type === job);
    return planned === undefined || planned.status === 'success' || deployment.state !== 'running';
  },
  async run(run) {
    const { artifact } = run.deployment;
    if (artifact === null) throw new Error('a deployment that builds nothing has no artifact');
    if (await artifactCheck(run.ports).exists(artifact, run.signal)) return;
    throw new CutoverError('artifact_gone', 'the image or bundle is not on this machine any more');
  },
};
