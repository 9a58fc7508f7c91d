import type { Artifact } from '../../domain/artifact.ts';
import type { Deployment, Instance } from '../../domain/deployment.ts';
import { processOf, releaseProcess } from '../../domain/processes.ts';
import type { VolumeSettings } from '../../domain/volumes.ts';
import type { InstanceSpec, InstanceStatus } from '../ports/runtime.ts';
import type { DeploymentRun } from './deployment-run.ts';
import type { OpenConfiguration } from './open-configuration.ts';

export type ImageArtifact = Extract<Artifact, { readonly type: 'image' }>;

/** What an instance is an instance of. */
export interface Version {
  readonly deployment: Deployment;
  readonly configuration: OpenConfiguration;
  readonly imageId: string;
}

/** The version that is being deployed. */
export function versionOf({ deployment, configuration }: DeploymentRun, { imageId }: ImageArtifact): Version {
  return { deployment, configuration, imageId };
}

/** Starts the instance's container, or finds it started, and begins to keep its output. */
export async function startInstance(
  run: DeploymentRun,
  version: Version,
  instance: Instance,
  signal: AbortSignal = run.signal,
): Promise<InstanceStatus> {
  await run.ports.runtime.ensureNetwork(version.deployment.projectName, signal);
  return startInNetwork(run, version, instance, signal);
}

/** Where its project's network has just been seen to. */
export async function startInNetwork(
  run: DeploymentRun,
  version: Version,
  instance: Instance,
  signal: AbortSignal,
): Promise<InstanceStatus> {
  using _expecting = run.workshop.watch.expect(instance.id);
  const { deployment, configuration } = version;
  const { runtime } = run.ports;
  for (const { name } of deployment.configuration.settings.volumes) {
    const { projectName: project, environmentName: environment } = deployment;
    await runtime.ensureVolume({ project, environment, name }, signal);
  }
  run.assertHeld();
  const status = await runtime.start(instanceSpec(version, instance), signal);
  run.workshop.instanceLogs.follow({ ...instance, mask: configuration.mask });
  run.started.set(instance.id, status);
  return status;
}

/** Everything the runtime needs to start this instance, now or again. */
export function instanceSpec({ deployment, configuration, imageId }: Version, instance: Instance): InstanceSpec {
  const { settings } = deployment.configuration;
  const { command, cpuCores, memoryMb } = processOf(settings, instance.process);
  return {
    instanceId: instance.id,
    project: deployment.projectName,
    environment: deployment.environmentName,
    deploymentId: deployment.id,
    deploymentNumber: deployment.number,
    process: instance.process,
    ordinal: instance.ordinal,
    imageId,
    command,
    variables: configuration.variablesFor(instance.port),
    port: instance.port,
    cpuCores,
    memoryMb,
    stopGraceMs: settings.stopGraceMs,
    // The version that serves may have what only one may have.
    volumes: instance.process === releaseProcess ? settings.volumes.filter(isShared) : settings.volumes,
  };
}

function isShared({ access }: VolumeSettings): boolean {
  return access === 'shared';
}
