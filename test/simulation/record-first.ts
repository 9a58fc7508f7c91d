import type { RouteTarget } from '../../src/domain/route.ts';
import type { Ports } from '../../src/engine/ports/ports.ts';
import type { MemoryDatabase } from './memory/store/database.ts';
import { overriding } from './overriding.ts';

/** What a control plane changes in the world, and what it goes by. */
type Acting = Pick<Ports, 'deployments' | 'router' | 'runtime'>;

/**
 * Rule 2.4: it is on record before it is done. A route is only set as it was read from its row, and a container is only started for an
 * instance that has one.
 */
export function recordFirst(ports: Acting, database: MemoryDatabase, onBreach: (what: string) => void): Acting {
  const { deployments, router, runtime } = ports;
  const read = new Set<string>();
  let last: RouteTarget | null | undefined;
  return {
    deployments: {
      ...deployments,
      route: async (environmentId) => {
        const route = await deployments.route(environmentId);
        // Mostly it is the same as before.
        if (last === undefined || route?.target !== last) read.add(JSON.stringify(route?.target));
        last = route?.target;
        return route;
      },
    },
    router: overriding(router, {
      setRoute: (hosts, target, signal, revision) => {
        if (!read.has(JSON.stringify(target))) onBreach(`the route of ${hosts.join(', ')}`);
        return router.setRoute(hosts, target, signal, revision);
      },
    }),
    runtime: overriding(runtime, {
      start: (spec, signal) => {
        const { deploymentId, instanceId } = spec;
        const isKnown = database.instances.get(instanceId) !== undefined;
        // With its deployment everything of it is erased, and a call may come late.
        if (!isKnown && database.deployments.get(deploymentId) !== undefined) onBreach(`instance ${instanceId}`);
        return runtime.start(spec, signal);
      },
    }),
  };
}
