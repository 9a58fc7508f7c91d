import { versionBefore } from '../../domain/version-before.ts';
import type { DesiredDeployment } from '../ports/deployment-store.ts';
import { fallbackName, isFallback } from '../workflows/router-server.ts';
import { endGuard, webInstances } from '../workflows/web-instances.ts';
import type { Pass } from './reconciler.ts';

/** What a version refuses goes to the one before it while that is warm, wherever its instances are now. */
export async function tendFallbacks(pass: Pass, desired: DesiredDeployment): Promise<void> {
  const { workshop, world, found, signal } = pass;
  const { router } = workshop.ports;
  const { slot, deployment, role } = desired;
  // One that was gone back from may still have requests in flight; its guard goes with its slot.
  if (role !== 'serves') return;
  const fallbacks = slot === null ? [] : found.serversIn(slot).filter(({ name }) => isFallback(name));
  if (slot === null || fallbacks.length === 0) return;
  const right = new Map(warmAddresses(pass, desired).map((known) => [known.name, known]));
  const stale = fallbacks.filter(({ name }) => !right.has(name));
  await world.whileOwning({ deploymentId: deployment.id, slot }, async () => {
    if (stale.length === fallbacks.length) {
      // While it is rolled out, its worker is about to put them there, or to take them away.
      if (deployment.state === 'completed') await endGuard(router, desired, signal);
      return;
    }
    for (const { name } of stale) await router.removeServer(slot, name, signal);
    for (const { name, endpoint } of fallbacks) {
      const { address = null, port = 0 } = right.get(name) ?? {};
      if (address === null || endpoint === `${address}:${port}`) continue;
      await router.addServer(slot, { kind: 'fallback', name, address, port }, signal);
    }
  });
}

/** Of the version before; the address is null while an instance has none. */
function warmAddresses({ found, versions }: Pass, version: DesiredDeployment) {
  const others = versions.get(version.deployment.environmentId) ?? [];
  const warm = others.filter(({ slot, role }) => slot !== null && role !== 'left');
  return webInstances(versionBefore(version, warm)?.instances ?? []).map((instance) => ({
    name: fallbackName(instance),
    address: found.container(instance.id)?.address ?? null,
    port: instance.port,
  }));
}
