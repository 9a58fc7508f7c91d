import { sameRoute } from '../../domain/route.ts';
import type { Pass } from './reconciler.ts';

/** Routes follow their rows; a host without a row has no route. */
export async function tendRoutes({ workshop, found, desired, revision, signal, attempt }: Pass): Promise<void> {
  const wanted = new Set<string>();
  for (const { environmentId, hosts, target } of desired.routes) {
    for (const host of hosts) wanted.add(host);
    const differs = hosts.some((host) => !sameRoute(found.router.routes.get(host) ?? null, target));
    if (differs) await attempt(() => workshop.routes.follow(environmentId, signal));
  }
  const strays = [...found.router.routes.keys()].filter((host) => !wanted.has(host));
  if (strays.length > 0) await attempt(() => workshop.ports.router.removeRoute(strays, signal, revision));
}
