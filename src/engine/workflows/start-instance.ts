import type { Artifact } from '../../domain/artifact.ts';
import type { Deployment, Instance } from '../../domain/deployment.ts';
import type { InstanceSpec, InstanceStatus } from '../ports/runtime.ts';
import type { DeploymentRun } from './deployment-run.ts';
import type { OpenConfiguration } from './open-configuration.ts';

/** Starts the instance's container, or finds it started, and begins to keep its output. */
export async function startInstance(
  run: DeploymentRun,
  artifact: Extract<Artifact, { type: 'image' }>,
  instance: Instance,
): Promise<InstanceStatus> {
  using _expecting = run.workshop.watch.expect(instance.id);
  await run.ports.runtime.ensureNetwork(run.deployment.projectName, run.signal);
  run.assertHeld();
  const status = await run.ports.runtime.start(
    instanceSpec({ deployment: run.deployment, configuration: run.configuration, imageId: artifact.imageId }, instance),
    run.signal,
  );
  run.workshop.instanceLogs.follow({ ...instance, mask: run.configuration.mask });
  run.started.set(instance.id, status);
  return status;
}

interface Version {
  readonly deployment: Deployment;
  readonly configuration: OpenConfiguration;
  readonly imageId: string;
}

/** Everything the runtime needs to start this instance, now or again. */
export function instanceSpec({ deployment, configuration, imageId }: Version, instance: Instance): InstanceSpec {
  const { settings } = deployment.configuration;
  return {
    instanceId: instance.id,
    project: deployment.projectName,
    environment: deployment.environmentName,
    deploymentId: deployment.id,
    deploymentNumber: deployment.number,
    process: instance.process,
    ordinal: instance.ordinal,
    imageId,
    command: null,
    variables: configuration.variablesFor(instance.port),
    port: instance.port,
    cpuCores: settings.cpuCores,
    memoryMb: settings.memoryMb,
    stopGraceMs: settings.stopGraceMs,
  };
}
