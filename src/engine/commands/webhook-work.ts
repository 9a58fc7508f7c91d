import type { Project } from '../../domain/project.ts';
import type { PushEvent, RepositoryEvent } from '../../domain/repository-event.ts';
import { repositoryIdentity } from '../../domain/repository-identity.ts';
import { providerNames, type DeliveryOutcome } from '../../domain/webhook.ts';
import type { PendingDelivery, WebhookStore, WorkedDelivery } from '../ports/webhook-store.ts';
import { applyPush, type PushDependencies } from './apply-push.ts';
import type { ApplyPreviewEvent } from './preview-events.ts';

export interface WorkDependencies extends Omit<PushDependencies, 'commits'> {
  readonly store: WebhookStore;
  readonly applyPreviewEvent: ApplyPreviewEvent;
}

/** Does what a delivery means for each project it is about. May be called again after a crash: what was done under its key is not done again. */
export async function workOnDelivery(
  dependencies: WorkDependencies,
  delivery: PendingDelivery,
): Promise<WorkedDelivery> {
  const { onlyProjectId } = delivery;
  const { projects: matching, reason } = await match(dependencies.store, delivery);
  const projects = matching.filter(({ id }) => onlyProjectId === null || id === onlyProjectId);
  const worked: WorkedDelivery['projects'][number][] = [];
  for (const project of projects) {
    const outcomes: DeliveryOutcome[] = [];
    for (const [at, event] of delivery.reading.events.entries())
      outcomes.push(...(await apply(dependencies, { delivery, project, event, at })));
    worked.push({ projectId: project.id, outcomes });
  }
  return { reason, projects: worked };
}

interface Match {
  readonly projects: readonly Project[];
  /** Why it is about none. */
  readonly reason: string | null;
}

/** A project's own hook is for its repository alone: whoever points another one at it does not deploy it. */
async function match(store: WebhookStore, { hookProjectId, reading }: PendingDelivery): Promise<Match> {
  const told = reading.repositories[0] ?? 'no repository';
  const meant = new Set(reading.repositories.flatMap((address) => repositoryIdentity(address) ?? []));
  const isMeant = ({ repository }: Project) => meant.has(repositoryIdentity(repository ?? '') ?? '');
  if (hookProjectId === null) {
    const name = [...meant][0]?.split('/').at(-1);
    const projects = name === undefined ? [] : (await store.projectsByRepository(name)).filter(isMeant);
    return { projects, reason: projects.length === 0 ? `no project has the repository ${told}` : null };
  }
  const project = await store.projectById(hookProjectId);
  if (project === null) return { projects: [], reason: 'the project was deleted' };
  if (isMeant(project)) return { projects: [project], reason: null };
  return {
    projects: [],
    reason: `it is about ${told}; the repository of ${project.name} is ${project.repository ?? 'none'}`,
  };
}

interface Application {
  readonly delivery: PendingDelivery;
  readonly project: Project;
  readonly event: RepositoryEvent;
  /** Position in the delivery. */
  readonly at: number;
}

async function apply(
  dependencies: WorkDependencies,
  { delivery, project, event, at }: Application,
): Promise<readonly DeliveryOutcome[]> {
  const { provider, reading } = delivery;
  const by = `${reading.sender ?? 'somebody'} (${providerNames[provider]})`;
  const onceKey = `webhook:${delivery.id}:${at}`;
  if (event.kind === 'tag') return [tagOutcome(event.tag)];
  if (event.kind === 'push') {
    const push = { ...dependencies, commits: dependencies.store };
    const newer = await newerPushes(dependencies.store, { delivery, project, branch: event.branch });
    const outcomes = await applyPush(push, { project, event, by, onceKey, newer });
    if (outcomes.length > 0) return outcomes;
  }
  return dependencies.applyPreviewEvent({ project, event, by, onceKey });
}

/** Of a thousand that wait the newest say enough. */
const mostLookedAt = 20;

interface Waiting {
  readonly delivery: PendingDelivery;
  readonly project: Project;
  readonly branch: string;
}

/** Newest first: pushes to the branch that wait, and are for the project too. */
async function newerPushes(
  store: WebhookStore,
  { delivery, project: { id }, branch }: Waiting,
): Promise<readonly PushEvent[]> {
  const waiting = await store.behind(delivery.id, mostLookedAt);
  return waiting
    .filter(({ hookProjectId, onlyProjectId }) => (hookProjectId ?? id) === id && (onlyProjectId ?? id) === id)
    .flatMap(({ reading }) => reading.events)
    .filter((event) => event.kind === 'push')
    .filter((event) => event.branch === branch);
}

function tagOutcome(tag: string): DeliveryOutcome {
  const reason = `tags are not deployed by themselves: ${tag}`;
  return { environment: null, result: 'not-deployed', deployment: null, code: 'tag', reason };
}
