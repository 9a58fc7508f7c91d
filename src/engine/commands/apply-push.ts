import { judgePushes } from '../../domain/auto-deploy.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { BranchHead } from '../../domain/push-order.ts';
import type { Environment, Project } from '../../domain/project.ts';
import type { PushEvent } from '../../domain/repository-event.ts';
import type { DeliveryOutcome } from '../../domain/webhook.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';
import { recordGitDeployment, type RecordingDependencies } from './record-git-deployment.ts';

export interface PushDependencies extends RecordingDependencies {
  readonly commits: Pick<WebhookStore, 'deploymentOfCommit' | 'deploymentUnder'>;
}

export interface PushRequest {
  readonly project: Project;
  readonly event: PushEvent;
  /** Who pushed and where, as `ada (GitHub)`. */
  readonly by: string;
  /** The same whenever the same push is worked on again, and no other: it is deployed once. */
  readonly onceKey: string;
  /** Newer pushes to the branch that wait to be worked on; left out: none is known. */
  readonly newer?: readonly PushEvent[];
  /** Where the branch was told to be before; left out: nothing was told, or the pushes are known to be in their order. */
  readonly head?: BranchHead | null;
}

/** Deploys a push to every environment of its branch that wants it, and tells of each what was done and why; none has the branch: nothing. */
export async function applyPush(
  dependencies: PushDependencies,
  request: PushRequest,
): Promise<readonly DeliveryOutcome[]> {
  const environments = await dependencies.configuration.environments.list(request.project.id);
  const outcomes: DeliveryOutcome[] = [];
  for (const environment of environments)
    // A preview follows its pull request, whose branch may be one of another repository.
    if (environment.kind !== 'preview' && environment.settings.branch === request.event.branch)
      outcomes.push(await applyTo(environment, dependencies, request));
  return outcomes;
}

async function applyTo(
  environment: Environment,
  dependencies: PushDependencies,
  { project, event, by, onceKey: pushKey, newer = [], head = null }: PushRequest,
): Promise<DeliveryOutcome> {
  const onceKey = `${pushKey}:${environment.id}`;
  const earlier = await dependencies.commits.deploymentUnder(onceKey);
  if (earlier !== null) return deployed(environment, earlier);
  const sameCommit = await dependencies.commits.deploymentOfCommit(environment.id, event.commit);
  const verdict = judgePushes(event, newer, { ...environment, sameCommit, head });
  if (!verdict.deploy) return notDeployed(environment, verdict);
  try {
    const { deployment } = await recordGitDeployment(dependencies, {
      project,
      environment,
      branch: event.branch,
      commit: event.commit,
      trigger: { kind: 'push', by, noCache: false },
      idempotency: null,
      onceKey,
    });
    return deployed(environment, deployment.number);
  } catch (error) {
    if (!(error instanceof CutoverError) || error.code !== 'auto_deploy_held') throw error;
    return notDeployed(environment, { code: 'auto-deploy-held', reason: error.message });
  }
}

function notDeployed(
  { name: environment }: Environment,
  { code, reason }: Pick<DeliveryOutcome, 'code' | 'reason'>,
): DeliveryOutcome {
  return { environment, result: 'not-deployed', deployment: null, code, reason };
}

function deployed({ name: environment }: Environment, deployment: number): DeliveryOutcome {
  return { environment, result: 'deployed', deployment, code: 'deployed', reason: `deployed as #${deployment}` };
}
