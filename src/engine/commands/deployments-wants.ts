import type { Deployment } from '../../domain/deployment.ts';
import { Deadline } from '../deadline.ts';
import type { DeploymentDependencies } from './deployments.ts';

const patienceMs = 5_000;

/** Records what is asked of a deployment, and gives it a moment to happen; resolves to the deployment as it then is. */
export async function askAndWait(
  { queries, changes, clock, wake }: DeploymentDependencies,
  deployment: Deployment,
  ask: () => Promise<void>,
  isDone: (deployment: Deployment) => boolean,
): Promise<Deployment> {
  using _watching = changes.watch(deployment.id);
  await ask();
  wake();
  using limit = new Deadline(clock, patienceMs);
  const patience = limit.signal;
  for (;;) {
    const seen = changes.version(deployment.id);
    const now = (await queries.byNumber(deployment.projectId, deployment.number)) ?? deployment;
    if (isDone(now) || patience.aborted) return now;
    await changes.wait(deployment.id, seen, patience).catch((error: unknown) => {
      if (!patience.aborted) throw error;
    });
  }
}
