import { describeQueueReason, nothingKnown, placeInQueue } from '../../domain/queue.ts';
import { mayEnter, type Actor } from '../../domain/roles.ts';
import type { Queue } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';

/**
 * What waits and what runs, in the order it will be served, each with what it waits for (rule 2.4). Of projects that the actor may not see
 * there are only numbers.
 */
export async function queueOf({ configuration, queries }: DeploymentDependencies, actor: Actor): Promise<Queue> {
  requireAccess(actor, 'follow', actor.project);
  const project =
    actor.project === null ? null : ((await configuration.projects.find(actor.project)) ?? noProject(actor.project));
  const open = await queries.queue(project?.id ?? null);
  const [facts, elsewhere] = await Promise.all([
    queries.queueFacts(open.map(({ id }) => id)),
    project === null ? { waiting: 0, running: 0 } : queries.queueLength({ exceptProject: project.id }),
  ]);
  const byEnvironment = Map.groupBy(open, ({ environmentId }) => environmentId);
  const seen = open.filter(({ environmentName }) => mayEnter(actor, environmentName));
  const items = seen.map((deployment) => {
    const entry = { deployment, facts: facts.get(deployment.id) ?? nothingKnown };
    const { waitsFor: reason, since } = placeInQueue(entry, byEnvironment.get(deployment.environmentId) ?? []);
    const waitsFor = reason === null ? null : describeQueueReason(reason, deployment.environmentName);
    return { deployment, reason, waitsFor, since };
  });
  return { items, elsewhere };
}
