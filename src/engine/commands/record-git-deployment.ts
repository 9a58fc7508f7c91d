import { emptyAppConfig } from '../../domain/app-config.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { pipeline } from '../../domain/job.ts';
import type { Environment, Project } from '../../domain/project.ts';
import type { Trigger } from '../../domain/source.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { DeploymentStore, NewDeploymentRecord } from '../ports/deployment-store.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { sealVariables } from '../workflows/open-configuration.ts';
import type { Triggered } from './commands.ts';
import { variablesFor } from './variables-snapshot.ts';

export interface RecordingDependencies {
  readonly configuration: Pick<ConfigurationStore, 'environments' | 'variables'>;
  readonly deployments: Pick<DeploymentStore, 'create' | 'record'>;
  readonly random: Random;
  readonly secretBox: SecretBox;
  /** There is something to claim. */
  readonly wake: () => void;
}

export interface GitDeployment {
  readonly project: Project;
  readonly environment: Environment;
  readonly branch: string;
  /** 40 hex digits; null: the head of the branch. */
  readonly commit: string | null;
  readonly trigger: Trigger;
  readonly idempotency: NewDeploymentRecord['idempotency'];
  readonly onceKey: string | null;
}

/**
 * Takes the configuration as it is now and records the deployment; whoever called knows it is kept before anything is done. Error:
 * `repository_missing`.
 */
export async function recordGitDeployment(
  { configuration, deployments, random, secretBox, wake }: RecordingDependencies,
  { project, environment, branch, commit, trigger, idempotency, onceKey }: GitDeployment,
): Promise<Triggered> {
  const scope = { projectId: project.id, environmentId: environment.id };
  const variables = await variablesFor(configuration.variables, secretBox, scope);
  const id = random.id();
  const { deploymentId, replayed } = await deployments.create({
    id,
    ...scope,
    kind: 'git',
    origin: null,
    artifact: null,
    onceKey,
    source: { kind: 'git', repository: repositoryOf(project), branch, requestedCommit: commit, commit: null },
    trigger,
    configuration: {
      build: project.build,
      settings: environment.settings,
      appConfig: emptyAppConfig,
      hosts: environment.hosts,
    },
    sealedVariables: sealVariables(secretBox, id, variables),
    jobs: pipeline({ kind: 'git', target: 'image', release: false, contract: false }),
    idempotency,
  });
  wake();
  return { deployment: await recorded(deployments, deploymentId), replayed };
}

function repositoryOf({ name, repository }: Project): string {
  if (repository !== null) return repository;
  throw new CutoverError('repository_missing', `the project "${name}" has no repository`);
}

async function recorded(deployments: Pick<DeploymentStore, 'record'>, id: string): Promise<Deployment> {
  const record = await deployments.record(id);
  if (record === null) throw new CutoverError('not_found', 'the project was deleted at the same time');
  return record.deployment;
}
