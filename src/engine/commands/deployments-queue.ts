import type { Deployment } from '../../domain/deployment.ts';
import type { Actor } from '../../domain/roles.ts';
import type { QueueItem } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';

/** What waits and what runs, in the order it will be served, each with what it waits for (rule 2.4). */
export async function queueOf(
  { configuration, queries }: DeploymentDependencies,
  actor: Actor,
): Promise<readonly QueueItem[]> {
  requireAccess(actor, 'read', actor.project);
  const project =
    actor.project === null ? null : ((await configuration.projects.find(actor.project)) ?? noProject(actor.project));
  const open = await queries.queue(project?.id ?? null);
  return open.map((deployment) => ({
    deployment,
    waitsFor: deployment.state === 'pending' ? reasonToWait(deployment, open) : null,
  }));
}

function reasonToWait(deployment: Deployment, open: readonly Deployment[]): string {
  const active = open.find((other) => other.environmentId === deployment.environmentId && other.state !== 'pending');
  if (active !== undefined) return `#${active.number} is ${active.state} in ${active.environmentName}`;
  const earlier = open.find(
    (other) => other.environmentId === deployment.environmentId && other.number < deployment.number,
  );
  return earlier === undefined ? 'a free worker' : `#${earlier.number} waits before it in ${earlier.environmentName}`;
}
