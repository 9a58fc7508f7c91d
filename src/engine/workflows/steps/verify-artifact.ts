import { CutoverError } from '../../../domain/errors.ts';
import { artifactCheck } from '../artifact-check.ts';
import type { Step } from '../deploy.ts';
import type { DeploymentRun } from '../deployment-run.ts';

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
    if (await isOvertaken(run)) return endAsOvertaken(run);
    if (artifact === null) throw new Error('a deployment that builds nothing has no artifact');
    if (await artifactCheck(run.ports).exists(artifact, run.signal)) return;
    throw new CutoverError('artifact_gone', 'the image or bundle is not on this machine any more');
  },
};

/** What it was to take back does not serve any more: a newer deployment has come first, and is not to be undone by evidence against another. */
async function isOvertaken(run: DeploymentRun): Promise<boolean> {
  const { origin } = run.deployment;
  if (origin?.kind !== 'rollback' || !origin.automatic) return false;
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  return !predecessors.some(({ serves, deployment }) => serves && deployment.id === origin.from?.deploymentId);
}

function endAsOvertaken(run: DeploymentRun): Promise<void> {
  return run.write({ verdict: { outcome: 'cancelled', code: 'cancelled', reason: 'overtaken by a newer deployment' } });
}
