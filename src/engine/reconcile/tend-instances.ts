import type { Instance } from '../../domain/deployment.ts';
import type { DesiredDeployment, InstanceChange } from '../ports/deployment-store.ts';
import { openConfiguration } from '../workflows/open-configuration.ts';
import { serverName, serverOf } from '../workflows/router-server.ts';
import { instanceSpec } from '../workflows/start-instance.ts';
import type { Pass } from './reconciler.ts';

/** What serves is in the router under its present address, and its output is kept. */
export async function tendInstances(pass: Pass): Promise<void> {
  const changes: InstanceChange[] = [];
  for (const desired of pass.desired.deployments) {
    await tendBundle(pass, desired);
    for (const instance of desired.instances) {
      const change = await tend(pass, desired, instance);
      if (change !== null) changes.push(change);
    }
  }
  if (changes.length > 0) await pass.world.updateInstances(changes);
}

/** A bundle has no instance: its server in the router is all there is. */
async function tendBundle({ workshop, found, signal }: Pass, { deployment, slot }: DesiredDeployment): Promise<void> {
  const { artifact } = deployment;
  if (deployment.state !== 'completed' || artifact?.type !== 'bundle' || slot === null) return;
  if (found.router.servers.some((server) => server.slot === slot)) return;
  const { bundle, spa } = artifact;
  await workshop.ports.router.addServer(slot, { kind: 'static', name: 'static', bundle, spa }, signal);
}

async function tend(pass: Pass, desired: DesiredDeployment, instance: Instance): Promise<InstanceChange | null> {
  const { workshop, found, signal } = pass;
  let status = found.containers.find((container) => container.instanceId === instance.id);
  if (status === undefined && instance.phase === 'serving' && desired.deployment.state !== 'paused') {
    status = await bringBack(pass, desired, instance);
  }
  if (status === undefined) return null;
  follow(pass, desired, instance);
  if (instance.phase !== 'serving' || desired.slot === null || !status.running || status.address === null) return null;
  const endpoint = `${status.address}:${instance.port}`;
  const server = found.router.servers.find(({ slot, name }) => slot === desired.slot && name === serverName(instance));
  const { replicas } = desired.deployment.configuration.settings;
  if (server?.endpoint !== endpoint) {
    await workshop.ports.router.addServer(
      desired.slot,
      serverOf({ ...instance, address: status.address }, replicas),
      signal,
    );
  }
  if (instance.address === status.address && instance.restarts === status.restarts) return null;
  return { id: instance.id, address: status.address, restarts: status.restarts };
}

/** Somebody removed the container of an instance that serves: it is made again from the deployment's own configuration. */
async function bringBack({ workshop, signal }: Pass, desired: DesiredDeployment, instance: Instance) {
  const { runtime } = workshop.ports;
  const { deployment } = desired;
  if (deployment.artifact?.type !== 'image') return undefined;
  workshop.log.warn(
    { deployment: deployment.id, instance: instance.id },
    'an instance had no container and is started again',
  );
  const configuration = openConfiguration(workshop, desired);
  await runtime.ensureNetwork(deployment.projectName, signal);
  const status = await runtime.start(
    instanceSpec({ deployment, configuration, imageId: deployment.artifact.imageId }, instance),
    signal,
  );
  await runtime.keepAlive(instance.id, signal);
  return status;
}

function follow({ workshop }: Pass, desired: DesiredDeployment, instance: Instance): void {
  if (workshop.instanceLogs.isFollowing(instance.id)) return;
  const { mask } = openConfiguration(workshop, desired);
  workshop.instanceLogs.follow({ ...instance, mask });
}
