import { CutoverError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { NewDeployment, Triggered } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { idempotencyOf } from './idempotency.ts';
import { requireAccess, requireEnvironment } from './projects-access.ts';
import { findPlace } from './record-deployment.ts';
import { recordGitDeployment } from './record-git-deployment.ts';

interface Request {
  readonly project: string;
  readonly input: NewDeployment;
}

/** A commit of the project's repository: of a branch its head, whenever it is read. */
export async function triggerDeployment(
  dependencies: DeploymentDependencies,
  actor: Actor,
  { project: projectName, input }: Request,
): Promise<Triggered> {
  requireAccess(actor, 'trigger', projectName);
  requireEnvironment(actor, projectName, input.environment);
  checkCommit(input.commit);
  if (input.branch !== undefined) dependencies.checkBranch(input.branch);
  const { project, environment } = await findPlace(dependencies, projectName, input.environment);
  return recordGitDeployment(dependencies, {
    project,
    environment,
    branch: input.branch ?? environment.settings.branch,
    commit: input.commit ?? null,
    trigger: { kind: 'manual', by: actor.name, tokenId: actor.tokenId, noCache: input.noCache ?? false },
    idempotency: idempotencyOf(actor, input.idempotencyKey, [
      projectName,
      input.environment,
      input.branch ?? null,
      input.commit ?? null,
      input.noCache ?? false,
    ]),
    onceKey: null,
  });
}

export function checkCommit(commit: string | undefined): void {
  if (commit === undefined || /^[0-9a-f]{40}$/.test(commit)) return;
  throw new CutoverError('ref_invalid', `"${commit}" is not a commit: 40 hex digits are needed`);
}
