import type { Deletion, WorldStore } from '../ports/deployment-store.ts';
import type { Workshop } from '../workflows/deployment-run.ts';

interface TearDown {
  readonly workshop: Workshop;
  readonly world: WorldStore;
  readonly signal: AbortSignal;
}

/** Takes down a deleted project or environment. Every part can be repeated; the rows go last, so that nothing is forgotten. */
export async function tearDown(work: TearDown, deletion: Deletion): Promise<void> {
  const { workshop, world } = work;
  const stillLed = await world.askToEnd(deletion);
  if (stillLed > 0) return;
  await stopAll(work, deletion);
  await removeLeftovers(work, deletion);
  await world.erase(deletion);
  workshop.log.info({ kind: deletion.kind, id: deletion.id }, 'deleted');
}

async function stopAll({ workshop, world, signal }: TearDown, deletion: Deletion): Promise<void> {
  const { router, runtime, deployments: store } = workshop.ports;
  // Another control plane may be done with the same deletion, and somebody have made an environment of that name again.
  await world.whileDeleting(deletion, async () =>
    router.removeRoute(deletion.hosts, signal, await store.drawRevision()),
  );
  const { deployments } = await world.desired();
  for (const { deployment, slot, instances } of deployments) {
    if (!deletion.deployments.includes(deployment.id)) continue;
    // So may the slot be somebody else's.
    if (slot !== null)
      await world.whileOwning({ deploymentId: deployment.id, slot }, () => router.clearSlot(slot, signal));
    const { stopGraceMs } = deployment.configuration.settings;
    await Promise.all(instances.map(({ id }) => runtime.stop(id, stopGraceMs, signal)));
    await world.stopServing(deployment.id, 'deleted');
  }
}

async function removeLeftovers({ workshop, world, signal }: TearDown, deletion: Deletion): Promise<void> {
  const { runtime, logs, staticFiles } = workshop.ports;
  const { imageIds, bundles } = await world.leftovers(deletion);
  for (const imageId of imageIds) await runtime.removeImage(imageId, signal);
  for (const bundle of bundles) await staticFiles.remove(bundle);
  for (const id of deletion.deployments) await logs.remove(`deployments/${id}`);
  await world.whileDeleting(deletion, async () => {
    await removeVolumes(workshop, deletion, signal);
    if (deletion.kind === 'project') await runtime.removeNetwork(deletion.projectName, signal);
  });
}

/** With their data: whoever deletes an environment deletes what it kept. */
async function removeVolumes({ ports }: Workshop, deletion: Deletion, signal: AbortSignal): Promise<void> {
  const { projectName, environmentName } = deletion;
  const volumes = (await ports.runtime.volumes(signal)).filter(
    ({ project, environment }) =>
      project === projectName && (environmentName === null || environment === environmentName),
  );
  for (const volume of volumes) await ports.runtime.removeVolume(volume, signal);
}
