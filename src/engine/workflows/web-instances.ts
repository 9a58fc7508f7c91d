import type { Instance } from '../../domain/deployment.ts';
import { webProcess } from '../../domain/processes.ts';
import type { SlotNumber } from '../../domain/route.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import type { Router } from '../ports/router.ts';
import { fallbackName, isFallback, serverOf } from './router-server.ts';

/** Those that get traffic. */
export function webInstances(instances: readonly Instance[]): readonly Instance[] {
  return instances.filter(({ process }) => process === webProcess);
}

/** The others: workers of whatever kind, and what runs once. */
export function otherInstances(instances: readonly Instance[]): readonly Instance[] {
  return instances.filter(({ process }) => process !== webProcess);
}

export function hasContainer({ phase }: Pick<Instance, 'phase'>): boolean {
  return phase !== 'stopped' && phase !== 'failed';
}

/** A version that has its place in the router. */
export type InSlot = DeploymentRecord & { readonly slot: SlotNumber };

export function hasSlot(record: DeploymentRecord): record is InSlot {
  return record.slot !== null;
}

/** Warm versions, by the server in the candidate's slot that stands for each instance. */
export function fallbacksFor(
  standby: DeploymentRecord,
): readonly { readonly name: string; readonly instance: Instance }[] {
  return webInstances(standby.instances)
    .filter((instance) => hasContainer(instance) && instance.address !== null)
    .map((instance) => ({ name: fallbackName(instance), instance }));
}

/** The version stands on its own feet again: what it refuses goes to nobody else. */
export async function endGuard(
  router: Router,
  { slot, instances, deployment }: Pick<DeploymentRecord, 'slot' | 'instances' | 'deployment'>,
  signal: AbortSignal,
): Promise<void> {
  if (slot === null || deployment.artifact?.type !== 'image') return;
  const fallbacks = (await router.serverNames(slot, signal)).filter(isFallback);
  if (fallbacks.length === 0) return;
  const serving = webInstances(instances).filter(({ phase, address }) => phase === 'serving' && address !== null);
  const { replicas } = deployment.configuration.settings;
  for (const instance of serving) await router.addServer(slot, serverOf(instance, replicas), signal);
  for (const name of fallbacks) await router.removeServer(slot, name, signal);
}
