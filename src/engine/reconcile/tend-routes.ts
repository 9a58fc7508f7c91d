import { sameGuard, sameRoute } from '../../domain/route.ts';
import type { Pass } from './reconciler.ts';

/** Routes follow their rows; a host without a row has no route. */
export async function tendRoutes({ workshop, found, desired, revision, signal, attempt }: Pass): Promise<void> {
  const wanted = new Set<string>();
  for (const { environmentId, hosts, target, guard } of desired.routes) {
    for (const host of hosts) wanted.add(host);
    const { routes, guards } = found.router;
    const isGuarded = (host: string) => target === null || sameGuard(guards.get(host) ?? null, guard);
    const differs = hosts.some((host) => !sameRoute(routes.get(host) ?? null, target) || !isGuarded(host));
    const loose = hosts.filter((host) => guard === null && guards.has(host));
    if (loose.length > 0) await attempt(() => workshop.ports.router.setGuard(loose, null, signal));
    if (differs) await attempt(() => workshop.routes.follow(environmentId, signal));
  }
  const strays = [...found.router.routes.keys()].filter((host) => !wanted.has(host));
  if (strays.length > 0) await attempt(() => workshop.ports.router.removeRoute(strays, signal, revision));
}
