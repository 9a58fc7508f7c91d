import type { DesiredDeployment } from '../ports/deployment-store.ts';
import { endGuard } from '../workflows/web-instances.ts';
import type { Pass } from './reconciler.ts';

/** Versions that neither serve nor are on standby any more are stopped: their observation is over (rule 2.2). */
export async function retireLeft(pass: Pass): Promise<void> {
  for (const left of pass.desired.deployments) {
    if (left.role === 'left') pass.inBackground(left.deployment.id, () => retire(pass, left));
  }
  return Promise.resolve();
}

async function retire(pass: Pass, { deployment, slot, instances }: DesiredDeployment): Promise<void> {
  const { workshop, world, versions, signal } = pass;
  const { router, runtime } = workshop.ports;
  const others = versions.get(deployment.environmentId) ?? [];
  const serving = others.find(({ role, slot: own }) => role === 'serves' && own !== null);
  // Whoever serves must not lean on what is about to go.
  if (serving !== undefined) await endGuard(router, serving, signal);
  if (slot !== null)
    await world.whileOwning({ deploymentId: deployment.id, slot }, () => router.clearSlot(slot, signal));
  const { stopGraceMs } = deployment.configuration.settings;
  await Promise.all(
    instances.map(async ({ id }) => {
      using _expecting = workshop.watch.expect(id);
      await runtime.stop(id, stopGraceMs, signal);
      await workshop.instanceLogs.settle(id);
    }),
  );
  await world.stopServing(
    deployment.id,
    serving === undefined ? 'no longer needed' : `replaced by #${serving.deployment.number}`,
  );
}
