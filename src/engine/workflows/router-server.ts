import type { Instance } from '../../domain/deployment.ts';
import type { RouterServer } from '../ports/router.ts';

/** Name of the server that stands for a version's bundle. */
export const bundleServer = 'static';

export function serverName(instance: Pick<Instance, 'ordinal'>): string {
  return `i${instance.ordinal}`;
}

/** The instance as the router is to know it. */
export function serverOf(instance: Instance, replicas: number): RouterServer {
  if (instance.address === null) throw new Error(`instance ${instance.id} has no address`);
  return {
    kind: 'instance',
    name: serverName(instance),
    address: instance.address,
    port: instance.port,
    redundancy: replicas > 1 ? 'one-of-many' : 'alone',
  };
}
