import { isFinal } from '../../../domain/deployment-state.ts';
import type { AcceptedTrigger, PlatformSnapshot } from '../../../domain/platform-snapshot.ts';
import { quietUploadMs } from '../../ports/uploads.ts';
import type { InvariantStore } from '../../ports/invariant-store.ts';
import type { Ports } from '../../ports/ports.ts';

export interface SnapshotSources {
  readonly ports: {
    readonly runtime: Pick<Ports['runtime'], 'list' | 'networks'>;
    readonly router: Pick<Ports['router'], 'snapshot'>;
    readonly source: Pick<Ports['source'], 'owners'>;
    readonly uploads: Pick<Ports['uploads'], 'list'>;
    readonly clock: Ports['clock'];
  };
  readonly store: InvariantStore;
}

/** As many deployments that are over are looked at again: what is final is to stay so. */
const rememberedEnds = 100;

/**
 * What exists, then what is recorded. What was on record in the snapshot before is still to be accounted for. Errors:
 * `runtime_unavailable`, `router_unavailable`, `database_unavailable`.
 */
export async function readSnapshot(
  { ports, store }: SnapshotSources,
  previous: PlatformSnapshot | null,
  signal: AbortSignal,
): Promise<PlatformSnapshot> {
  const { runtime, router, source, uploads, clock } = ports;
  const [containers, networks, { servers, routes }, workTrees, quiet] = await Promise.all([
    runtime.list(signal),
    runtime.networks(signal),
    router.snapshot(signal),
    source.owners(),
    uploads.list(quietUploadMs),
  ]);
  const accepted = acceptedBefore(previous);
  const recorded = await store.recorded(accepted.flatMap(({ deploymentIds }) => deploymentIds));
  return {
    ...recorded,
    at: clock.monotonic(),
    triggers: accepted,
    containers,
    networks,
    workTrees,
    uploads: quiet,
    servers,
    routes: [...routes].map(([host, target]) => ({ host, target })),
  };
}

function acceptedBefore(previous: PlatformSnapshot | null): readonly AcceptedTrigger[] {
  const deployments = previous?.deployments ?? [];
  const over = deployments.filter(({ state }) => isFinal(state)).slice(-rememberedEnds);
  const others = deployments.filter(({ state }) => !isFinal(state));
  return [...over, ...others].map(({ id, environmentId }) => ({ environmentId, deploymentIds: [id] }));
}
