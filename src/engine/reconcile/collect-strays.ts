import { holdsEnvironment } from '../../domain/deployment-state.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import { collectUploads } from './collect-uploads.ts';
import type { Pass } from './reconciler.ts';

const strayGraceMs = 5_000;

/** Removes what belongs to no living deployment: servers, slots, containers, work trees, networks, uploads. Only what carries our label is ever seen. */
export async function collectStrays(pass: Pass): Promise<void> {
  await collectSlots(pass);
  collectContainers(pass);
  await collectCheckouts(pass);
  await collectNetworks(pass);
  await collectUploads(pass);
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

/** In the background, for that may take its grace. */
function collectContainers(pass: Pass): void {
  const { workshop, world, attempt } = pass;
  const strays = strayContainers(pass);
  if (strays.length === 0) return;
  const ids = strays.map(({ instanceId }) => instanceId);
  pass.inBackground('stray containers', () =>
    // What was found and what was read may be old by now.
    world.whileStopped(ids, async (stopped) => {
      const left = strays.filter(({ instanceId: id }) => stopped.includes(id) && !workshop.watch.isExpected(id));
      await Promise.all(left.map((stray) => attempt(() => removeStray(pass, stray))));
    }),
  );
}

async function removeStray({ workshop, signal }: Pass, stray: InstanceStatus): Promise<void> {
  const { deploymentId: deployment, containerId: container, instanceId } = stray;
  using _expecting = workshop.watch.expect(instanceId);
  workshop.log.warn({ deployment, container }, 'a container belonged to nothing and is removed');
  await workshop.ports.runtime.stop(instanceId, strayGraceMs, signal);
}

function strayContainers({ found, desired }: Pass): readonly InstanceStatus[] {
  const deployments = new Map(desired.deployments.map((entry) => [entry.deployment.id, entry]));
  // Of whichever deployment it is now: one that went back has taken over the instances of another.
  const known = new Set(desired.deployments.flatMap(({ instances }) => instances.map(({ id }) => id)));
  return found.containers.filter(({ deploymentId, instanceId }) => {
    const owner = deployments.get(deploymentId);
    // Its worker is at it, or it is where it should be.
    const isLed = owner !== undefined && holdsEnvironment(owner.deployment.state);
    return !isLed && !known.has(instanceId);
  });
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
