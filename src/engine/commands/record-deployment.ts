import { emptyAppConfig } from '../../domain/app-config.ts';
import type { DeploymentKind } from '../../domain/deployment-kind.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { pipeline } from '../../domain/job.ts';
import { contractStep, releaseStep } from '../../domain/processes.ts';
import type { Environment, Project } from '../../domain/project.ts';
import type { DeploymentSource, Trigger } from '../../domain/source.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { DeploymentStore, NewDeploymentRecord } from '../ports/deployment-store.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { sealVariables } from '../workflows/open-configuration.ts';
import type { Triggered } from './commands.ts';
import { noEnvironment } from './projects-access.ts';
import { noProject } from './projects.ts';
import { variablesFor } from './variables-snapshot.ts';

export interface RecordingDependencies {
  readonly configuration: Pick<ConfigurationStore, 'environments' | 'variables'>;
  readonly deployments: Pick<DeploymentStore, 'create' | 'record'>;
  readonly random: Random;
  readonly secretBox: SecretBox;
  /** There is something to claim. */
  readonly wake: () => void;
}

/** Where something is deployed to, as it is set now. */
export interface Place {
  readonly project: Project;
  readonly environment: Environment;
}

/** What is deployed, and on whose account. */
export interface NewWork extends Place {
  readonly kind: Exclude<DeploymentKind, 'rollback' | 'promote'>;
  readonly source: DeploymentSource;
  readonly trigger: Trigger;
  readonly idempotency: NewDeploymentRecord['idempotency'];
  readonly onceKey: string | null;
}

/** Error: `not_found`. */
export async function findPlace(
  { configuration }: { readonly configuration: ConfigurationStore },
  projectName: string,
  environmentName: string,
): Promise<Place> {
  const project = (await configuration.projects.find(projectName)) ?? noProject(projectName);
  const environment =
    (await configuration.environments.find(project.id, environmentName)) ?? noEnvironment(projectName, environmentName);
  return { project, environment };
}

/** Takes the configuration as it is now and records the deployment; whoever called knows it is kept before anything is done. */
export async function recordDeployment(
  { configuration, deployments, random, secretBox, wake }: RecordingDependencies,
  { project, environment, ...work }: NewWork,
): Promise<Triggered> {
  const scope = { projectId: project.id, environmentId: environment.id };
  const variables = await variablesFor(configuration.variables, secretBox, scope);
  const id = random.id();
  const { deploymentId, replayed } = await deployments.create({
    ...work,
    id,
    ...scope,
    origin: null,
    artifact: null,
    configuration: {
      build: project.build,
      settings: environment.settings,
      appConfig: emptyAppConfig,
      hosts: environment.hosts,
    },
    sealedVariables: sealVariables(secretBox, id, variables),
    jobs: plannedJobs(work.kind, environment),
  });
  wake();
  return { deployment: await recorded(deployments, deploymentId), replayed };
}

/** What a repository says of itself, and whether it becomes files, is known later. */
function plannedJobs(kind: NewWork['kind'], { settings }: Environment) {
  const isImage = kind === 'image' || kind === 'image-upload';
  return pipeline({
    kind,
    target: kind === 'static' ? 'static' : 'image',
    release: isImage && releaseStep(settings.processes) !== null,
    contract: isImage && contractStep(settings.processes) !== null,
  });
}

async function recorded(deployments: Pick<DeploymentStore, 'record'>, id: string): Promise<Deployment> {
  const record = await deployments.record(id);
  if (record === null) throw new CutoverError('not_found', 'the project was deleted at the same time');
  return record.deployment;
}
