import type { Artifact } from '../../domain/artifact.ts';
import type { Deployment, DeploymentOrigin } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { pipeline } from '../../domain/job.ts';
import { contractStep, releaseStep } from '../../domain/processes.ts';
import { pinned, type Trigger } from '../../domain/source.ts';
import type {
  DeploymentQueries,
  DeploymentRecord,
  DeploymentStore,
  NewDeploymentRecord,
} from '../ports/deployment-store.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { openSnapshot, sealVariables, type SnapshotVariables } from '../workflows/open-configuration.ts';

/** What is needed to make a deployment of an artifact that exists. */
export interface RerunDependencies {
  readonly deployments: DeploymentStore;
  readonly queries: DeploymentQueries;
  readonly random: Random;
  readonly secretBox: SecretBox;
  readonly wake: () => void;
}

/** As much of it as records one. */
export type RecordingRerun = Pick<RerunDependencies, 'random' | 'secretBox' | 'wake'> & {
  readonly deployments: Pick<DeploymentStore, 'create' | 'record'>;
};

/** A deployment that builds nothing: what it runs, where, and on whose account. */
export interface Rerun {
  /** Whose artifact, and, where nothing else is given, whose configuration is run again. */
  readonly model: Deployment;
  readonly environmentId: string;
  readonly origin: DeploymentOrigin;
  readonly trigger: Trigger;
  readonly configuration: Deployment['configuration'];
  readonly variables: SnapshotVariables;
  readonly idempotency: NewDeploymentRecord['idempotency'];
  readonly onceKey: string | null;
  readonly autoDeployHeld?: string;
}

/** Records it like any other deployment; resolves when it is kept. */
export async function createRerun(
  { deployments, random, secretBox, wake }: RecordingRerun,
  rerun: Rerun,
): Promise<{ readonly deployment: Deployment; readonly replayed: boolean }> {
  const { model, origin } = rerun;
  const { artifact } = model;
  if (artifact === null) throw new CutoverError('artifact_gone', `#${model.number} has no artifact`);
  const configuration = configurationFor(artifact, rerun.configuration);
  const id = random.id();
  const { deploymentId, replayed } = await deployments.create({
    id,
    projectId: model.projectId,
    environmentId: rerun.environmentId,
    kind: origin.kind,
    origin,
    artifact,
    source: pinned(model.source),
    trigger: rerun.trigger,
    configuration,
    sealedVariables: sealVariables(secretBox, id, rerun.variables),
    jobs: pipeline({
      kind: origin.kind,
      target: artifact.type === 'image' ? 'image' : 'static',
      // A rollback has neither, whatever there is: see `pipeline`.
      release: releaseStep(configuration.settings.processes) !== null,
      contract: contractStep(configuration.settings.processes) !== null,
    }),
    idempotency: rerun.idempotency,
    onceKey: rerun.onceKey,
    ...(rerun.autoDeployHeld === undefined ? {} : { autoDeployHeld: rerun.autoDeployHeld }),
  });
  wake();
  const record = await deployments.record(deploymentId);
  if (record === null) throw new CutoverError('not_found', 'the environment was deleted at the same time');
  return { deployment: record.deployment, replayed };
}

/** What `auto` came to then says nothing about now; and files have no processes, whatever runs beside others in that environment. */
function configurationFor(
  { type }: Artifact,
  { chosenStrategy: _then, ...configuration }: Deployment['configuration'],
) {
  const { settings } = configuration;
  return type === 'image' ? configuration : { ...configuration, settings: { ...settings, processes: [] } };
}

/** The variables that a deployment was given. */
export function variablesOf(
  { secretBox }: Pick<RerunDependencies, 'secretBox'>,
  record: DeploymentRecord,
): SnapshotVariables {
  return openSnapshot(secretBox, record.deployment.id, record.sealedVariables);
}
