import type { Instance } from '../../domain/deployment.ts';
import type { RouterServer } from '../ports/router.ts';

/** Name of the server that stands for a version's bundle. */
export const bundleServer = 'static';

export function serverName(instance: Pick<Instance, 'ordinal'>): string {
  return `i${instance.ordinal}`;
}

/** Name, in the slot of the version that is observed, of the server that stands for an instance of the one before. */
export function fallbackName(instance: Pick<Instance, 'ordinal'>): string {
  return `f${instance.ordinal}`;
}

export function isFallback(name: string): boolean {
  return /^f\d+$/.test(name);
}

/** The instance as the router is to know it. `guarded`: its slot has servers that stand for the version before. */
export function serverOf(instance: Instance, replicas: number, guarded = false): RouterServer {
  if (instance.address === null) throw new Error(`instance ${instance.id} has no address`);
  return {
    kind: 'instance',
    name: serverName(instance),
    address: instance.address,
    port: instance.port,
    redundancy: guarded ? 'guarded' : replicas > 1 ? 'one-of-many' : 'alone',
  };
}
