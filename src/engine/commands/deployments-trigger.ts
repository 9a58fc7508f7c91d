import { CutoverError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { NewDeployment, Triggered } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { noEnvironment } from './environments.ts';
import { idempotencyOf } from './idempotency.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import { recordGitDeployment } from './record-git-deployment.ts';

interface Request {
  readonly project: string;
  readonly input: NewDeployment;
}

/** Takes the configuration as it is now and records the deployment; whoever called knows it is kept before anything is done. */
export async function triggerDeployment(
  dependencies: DeploymentDependencies,
  actor: Actor,
  { project: projectName, input }: Request,
): Promise<Triggered> {
  requireAccess(actor, 'deploy', projectName);
  checkCommit(input.commit);
  if (input.branch !== undefined) dependencies.checkBranch(input.branch);
  const { configuration } = dependencies;
  const project = (await configuration.projects.find(projectName)) ?? noProject(projectName);
  const environment =
    (await configuration.environments.find(project.id, input.environment)) ??
    noEnvironment(projectName, input.environment);
  return recordGitDeployment(dependencies, {
    project,
    environment,
    branch: input.branch ?? environment.settings.branch,
    commit: input.commit ?? null,
    trigger: { kind: 'manual', by: actor.name, noCache: input.noCache ?? false },
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

function checkCommit(commit: string | undefined): void {
  if (commit === undefined || /^[0-9a-f]{40}$/.test(commit)) return;
  throw new CutoverError('ref_invalid', `"${commit}" is not a commit: 40 hex digits are needed`);
}
