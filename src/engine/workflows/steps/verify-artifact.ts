import { CutoverError } from '../../../domain/errors.ts';
import { artifactCheck } from '../artifact-check.ts';
import type { Step } from '../deploy.ts';
import type { DeploymentRun } from '../deployment-run.ts';
import { isPast } from './is-past.ts';

const job = 'VerifyLocalImageJob';

/** What is run again must still be here, unchanged: it is named by its content. */
export const verifyArtifact: Step = {
  name: 'verify-artifact',
  writesFirst: true,
  job: () => job,
  isDone: (record) => isPast(record, job),
  async run(run) {
    const { artifact } = run.deployment;
    if (await isOvertaken(run)) return endAsOvertaken(run);
    if (artifact === null) throw new Error('a deployment that builds nothing has no artifact');
    if (await artifactCheck(run.ports).exists(artifact, run.signal)) return;
    throw new CutoverError('artifact_gone', 'the image or bundle is not on this machine any more');
  },
};

/**
 * What it was to take back does not serve any more: a newer deployment has come first, and is not to be undone by evidence against another;
 * or somebody has paused it, and wants nothing to serve.
 */
async function isOvertaken(run: DeploymentRun): Promise<boolean> {
  const { origin } = run.deployment;
  if (origin?.kind !== 'rollback' || !origin.automatic) return false;
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  return !predecessors.some(
    ({ serves, deployment }) =>
      serves && deployment.state === 'completed' && deployment.id === origin.from?.deploymentId,
  );
}

function endAsOvertaken(run: DeploymentRun): Promise<void> {
  return run.write({
    verdict: { outcome: 'cancelled', code: 'cancelled', reason: 'what it was to take back does not serve any more' },
  });
}
