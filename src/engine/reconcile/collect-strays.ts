import { holdsEnvironment } from '../../domain/deployment-state.ts';
import type { Pass } from './reconciler.ts';

const strayGraceMs = 5_000;

/** Removes what belongs to no living deployment: servers, slots, containers, work trees, networks. Only what carries our label is ever seen. */
export async function collectStrays(pass: Pass): Promise<void> {
  await collectSlots(pass);
  collectContainers(pass);
  await collectCheckouts(pass);
  await collectNetworks(pass);
}

async function collectSlots({ workshop, world, found, desired, signal, attempt }: Pass): Promise<void> {
  const { router } = workshop.ports;
  const living = new Set(desired.deployments.map(({ deployment }) => deployment.id));
  const owned = new Set(desired.slots.map(({ slot }) => slot));
  const ownerless = new Set(found.router.servers.map(({ slot }) => slot).filter((slot) => !owned.has(slot)));
  for (const slot of ownerless) await attempt(() => world.whileFree(slot, () => router.clearSlot(slot, signal)));
  for (const { slot, deploymentId } of desired.slots) {
    if (living.has(deploymentId)) continue;
    await attempt(async () => {
      await world.whileOwning({ deploymentId, slot }, () => router.clearSlot(slot, signal));
      await world.freeSlot(deploymentId);
    });
  }
}

/** In the background: each may take its grace. */
function collectContainers({ workshop, found, desired, signal, inBackground }: Pass): void {
  const deployments = new Map(desired.deployments.map((entry) => [entry.deployment.id, entry]));
  // Of whichever deployment it is now: one that went back has taken over the instances of another.
  const known = new Set(desired.deployments.flatMap(({ instances }) => instances.map(({ id }) => id)));
  for (const container of found.containers) {
    const owner = deployments.get(container.deploymentId);
    // Its worker is at it, or it is where it should be.
    if (owner !== undefined && holdsEnvironment(owner.deployment.state)) continue;
    if (known.has(container.instanceId)) continue;
    const { deploymentId: deployment, containerId, instanceId } = container;
    inBackground(instanceId, () => {
      workshop.log.warn({ deployment, container: containerId }, 'a container belonged to nothing and is removed');
      return workshop.ports.runtime.stop(instanceId, strayGraceMs, signal);
    });
  }
}

/** Somebody who was late with the start of an instance may have made it again. With containers in it the engine keeps it until they are gone. */
async function collectNetworks({ workshop, world, signal, attempt }: Pass): Promise<void> {
  const { runtime } = workshop.ports;
  const found = await runtime.networks(signal);
  const projects = new Set(await world.projectNames());
  for (const project of found.filter((name) => !projects.has(name))) {
    workshop.log.warn({ project }, 'a network belonged to no project and is removed');
    await attempt(() => runtime.removeNetwork(project, signal));
  }
}

async function collectCheckouts({ workshop, found, desired, attempt }: Pass): Promise<void> {
  const active = new Set(
    desired.deployments
      .filter(({ deployment }) => holdsEnvironment(deployment.state))
      .map(({ deployment }) => deployment.id),
  );
  for (const owner of found.checkouts) {
    if (!active.has(owner)) await attempt(() => workshop.ports.source.release(owner));
  }
}
