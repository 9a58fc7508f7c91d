import { olderPush } from '../../domain/auto-deploy.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { Project } from '../../domain/project.ts';
import type { InstallationEvent, PushEvent, RepositoryEvent } from '../../domain/repository-event.ts';
import { isOlderPush } from '../../domain/push-order.ts';
import { repositoryIdentity } from '../../domain/repository-identity.ts';
import { providerNames, type DeliveryOutcome } from '../../domain/webhook.ts';
import type { PendingDelivery, WebhookStore, WorkedDelivery, WorkedProject } from '../ports/webhook-store.ts';
import { applyPush, type PushDependencies } from './apply-push.ts';
import type { ApplyInstallationEvent } from './installation-events.ts';
import type { ApplyPreviewEvent } from './preview-events.ts';
import { storable } from './storable.ts';

export interface WorkDependencies extends Omit<PushDependencies, 'commits'> {
  readonly store: WebhookStore;
  readonly applyPreviewEvent: ApplyPreviewEvent;
  readonly applyInstallationEvent: ApplyInstallationEvent;
}

/** Does what a delivery means for each project it is about. May be called again after a crash: what was done under its key is not done again. */
export async function workOnDelivery(
  dependencies: WorkDependencies,
  delivery: PendingDelivery,
): Promise<WorkedDelivery> {
  const installation = delivery.reading.events.find(isInstallation);
  if (installation !== undefined) return workOnInstallation(dependencies, delivery, installation);
  const { onlyProjectId, doneProjectIds } = delivery;
  const { projects: matching, reason } = await match(dependencies.store, delivery);
  const projects = matching.filter(
    ({ id }) => (onlyProjectId === null || id === onlyProjectId) && !doneProjectIds.includes(id),
  );
  const worked: WorkedProject[] = [];
  for (const project of projects) worked.push(await workFor(dependencies, delivery, project));
  return { reason, projects: worked };
}

/** Only the App's own webhook tells of it: a project's is not believed. */
async function workOnInstallation(
  { applyInstallationEvent }: WorkDependencies,
  { hookProjectId }: PendingDelivery,
  event: InstallationEvent,
): Promise<WorkedDelivery> {
  if (hookProjectId !== null)
    return { reason: "installations of the GitHub App are told by the platform's webhook", projects: [] };
  const { account, action } = event;
  const reason = `the installation of ${account} has changed (${action}): GitHub is asked what the App may do now`;
  const projects = await applyInstallationEvent(event);
  const outcomes = [wholeOutcome('installation-changed', reason)];
  return { reason, projects: projects.map(({ id }) => ({ projectId: id, outcomes, failed: false })) };
}

/** What goes wrong for one project is told to that one, and keeps nothing from the others. */
async function workFor(
  dependencies: WorkDependencies,
  delivery: PendingDelivery,
  project: Project,
): Promise<WorkedProject> {
  const outcomes: DeliveryOutcome[] = [];
  try {
    for (const [at, event] of delivery.reading.events.entries())
      outcomes.push(...(await apply(dependencies, { delivery, project, event, at })));
    return { projectId: project.id, outcomes, failed: false };
  } catch (error) {
    if (error instanceof CutoverError && error.code === 'database_unavailable') throw error;
    const reason = storable(error instanceof Error ? error.message : String(error));
    return { projectId: project.id, outcomes: [...outcomes, wholeOutcome('failed', reason)], failed: true };
  }
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
  if (event.kind === 'installation') return [];
  const { provider, reading } = delivery;
  const by = `${reading.sender ?? 'somebody'} (${providerNames[provider]})`;
  const onceKey = `webhook:${delivery.id}:${at}`;
  if (event.kind === 'tag') return [wholeOutcome('tag', `tags are not deployed by themselves: ${event.tag}`)];
  const newer = await newerEvents(dependencies.store, { delivery, project, event });
  if (event.kind === 'push') {
    const push = { ...dependencies, commits: dependencies.store };
    const head = delivery.heads.get(event.branch) ?? null;
    const outcomes = await applyPush(push, { project, event, by, onceKey, head, newer: newer.filter(isPush) });
    if (outcomes.length > 0) return outcomes;
    if (isOlderPush(event, head, false)) return [wholeOutcome('older-push', olderPush(event, head).reason)];
  }
  // What was told since has been done already, where this one is tried again.
  if (delivery.attempts > 0 && newer.length > 0)
    return [wholeOutcome('superseded', `newer was told of ${subjectOf(event)} in the meantime`)];
  return dependencies.applyPreviewEvent({ project, event, by, onceKey });
}

/** Of a thousand that wait the newest say enough. */
const mostLookedAt = 20;

/** Newest first: what came after it, about the same and for the project too. */
async function newerEvents(
  store: WebhookStore,
  { delivery, project: { id }, event }: Omit<Application, 'at'>,
): Promise<readonly RepositoryEvent[]> {
  const waiting = await store.behind(delivery.id, mostLookedAt);
  return waiting
    .filter(({ hookProjectId, onlyProjectId }) => (hookProjectId ?? id) === id && (onlyProjectId ?? id) === id)
    .flatMap(({ reading }) => reading.events)
    .filter((other) => subjectOf(other) === subjectOf(event));
}

function subjectOf(event: RepositoryEvent): string {
  if (event.kind === 'pull-request') return `#${event.number}`;
  if (event.kind === 'installation') return `the installation ${event.installation}`;
  return event.kind === 'tag' ? `the tag ${event.tag}` : `the branch ${event.branch}`;
}

function isInstallation(event: RepositoryEvent): event is InstallationEvent {
  return event.kind === 'installation';
}

function isPush(event: RepositoryEvent): event is PushEvent {
  return event.kind === 'push';
}

/** For the project as a whole. */
function wholeOutcome(code: string, reason: string): DeliveryOutcome {
  return { environment: null, result: 'not-deployed', deployment: null, code, reason };
}
