import { emptyAppConfig } from '../../domain/app-config.ts';
import { pipeline } from '../../domain/job.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import { sealVariables } from '../workflows/open-configuration.ts';
import type { NewDeployment } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { noEnvironment } from './environments.ts';
import { idempotencyOf } from './idempotency.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import { variablesFor } from './variables-snapshot.ts';

interface Request {
  readonly project: string;
  readonly input: NewDeployment;
}

/** Takes the configuration as it is now and records the deployment; whoever called knows it is kept before anything is done. */
export async function triggerDeployment(
  dependencies: DeploymentDependencies,
  actor: Actor,
  { project: projectName, input }: Request,
): Promise<{ readonly deployment: Deployment; readonly replayed: boolean }> {
  requireAccess(actor, 'deploy', projectName);
  checkCommit(input.commit);
  if (input.branch !== undefined) dependencies.checkBranch(input.branch);
  const { configuration, deployments, random, secretBox, wake } = dependencies;
  const project = (await configuration.projects.find(projectName)) ?? noProject(projectName);
  const environment =
    (await configuration.environments.find(project.id, input.environment)) ??
    noEnvironment(projectName, input.environment);
  const variables = await variablesFor(configuration.variables, secretBox, {
    projectId: project.id,
    environmentId: environment.id,
  });
  const id = random.id();
  const { deploymentId, replayed } = await deployments.create({
    id,
    projectId: project.id,
    environmentId: environment.id,
    kind: 'git',
    origin: null,
    artifact: null,
    onceKey: null,
    source: {
      kind: 'git',
      repository: project.repository ?? noRepository(projectName),
      branch: input.branch ?? environment.settings.branch,
      requestedCommit: input.commit ?? null,
      commit: null,
    },
    trigger: { kind: 'manual', by: actor.name, noCache: input.noCache ?? false },
    configuration: {
      build: project.build,
      settings: environment.settings,
      appConfig: emptyAppConfig,
      hosts: environment.hosts,
    },
    sealedVariables: sealVariables(secretBox, id, variables),
    jobs: pipeline({ kind: 'git', target: 'image', release: false, contract: false }),
    idempotency: idempotencyOf(actor, input.idempotencyKey, [
      projectName,
      input.environment,
      input.branch ?? null,
      input.commit ?? null,
      input.noCache ?? false,
    ]),
  });
  wake();
  const record = await deployments.record(deploymentId);
  if (record === null) throw new CutoverError('not_found', 'the project was deleted at the same time');
  return { deployment: record.deployment, replayed };
}

function noRepository(project: string): never {
  throw new CutoverError('repository_missing', `the project "${project}" has no repository`);
}

function checkCommit(commit: string | undefined): void {
  if (commit === undefined || /^[0-9a-f]{40}$/.test(commit)) return;
  throw new CutoverError('ref_invalid', `"${commit}" is not a commit: 40 hex digits are needed`);
}
