import { judgePush } from '../../domain/auto-deploy.ts';
import type { Environment, Project } from '../../domain/project.ts';
import type { PushEvent } from '../../domain/repository-event.ts';
import type { DeliveryOutcome } from '../../domain/webhook.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';
import { recordGitDeployment, type RecordingDependencies } from './record-git-deployment.ts';

export interface PushDependencies extends RecordingDependencies {
  readonly commits: Pick<WebhookStore, 'deploymentOfCommit'>;
}

export interface PushRequest {
  readonly project: Project;
  readonly event: PushEvent;
  /** Who pushed and where, as `ada (GitHub)`. */
  readonly by: string;
  /** The same whenever the same push is worked on again, and no other: it is deployed once. */
  readonly onceKey: string;
}

/** Deploys a push to every environment of its branch that wants it, and tells of each what was done and why; none has the branch: nothing. */
export async function applyPush(
  dependencies: PushDependencies,
  request: PushRequest,
): Promise<readonly DeliveryOutcome[]> {
  const environments = await dependencies.configuration.environments.list(request.project.id);
  const outcomes: DeliveryOutcome[] = [];
  for (const environment of environments)
    if (environment.settings.branch === request.event.branch)
      outcomes.push(await applyTo(environment, dependencies, request));
  return outcomes;
}

async function applyTo(
  environment: Environment,
  dependencies: PushDependencies,
  { project, event, by, onceKey: pushKey }: PushRequest,
): Promise<DeliveryOutcome> {
  const onceKey = `${pushKey}:${environment.id}`;
  const { name } = environment;
  const sameCommit = await dependencies.commits.deploymentOfCommit(environment.id, event.commit, onceKey);
  const verdict = judgePush(event, { ...environment, sameCommit });
  if (!verdict.deploy) {
    const { code, reason } = verdict;
    return { environment: name, result: 'not-deployed', deployment: null, code, reason };
  }
  const { deployment } = await recordGitDeployment(dependencies, {
    project,
    environment,
    branch: event.branch,
    commit: event.commit,
    trigger: { kind: 'push', by, noCache: false },
    idempotency: null,
    onceKey,
  });
  const reason = `deployed as #${deployment.number}`;
  return { environment: name, result: 'deployed', deployment: deployment.number, code: 'deployed', reason };
}
