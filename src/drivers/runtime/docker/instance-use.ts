import type { ContainerStats } from 'dockerode';
import type { InstanceUse } from '../../../domain/resource-use.ts';
import { isRefusal } from './engine-connection.ts';
import { instanceStatus } from './instance-status.ts';
import type { InstanceHome } from './start.ts';

/** Docker's answer takes 20 ms; a second where it was asked less than a second ago, for whichever container. */
const timeoutMs = 15_000;

/** What is not known of a container that does not run is left out. */
export type StatsAnswer = DeepPartial<Pick<ContainerStats, 'cpu_stats' | 'memory_stats'>>;

export async function instanceUse(
  home: InstanceHome,
  instanceId: string,
  signal: AbortSignal,
): Promise<InstanceUse | null> {
  const container = await home.containers.find(instanceId, signal);
  if (container === null) return null;
  const { running, startedAt } = instanceStatus(container);
  if (!running || startedAt === null) return null;
  try {
    const stats: StatsAnswer = await home.engine.call(
      { what: 'say what a container uses', timeoutMs },
      signal,
      (docker, abortSignal) => {
        // Without `one-shot` Docker always takes a second more, to compare two readings of its own.
        const options = { stream: false, 'one-shot': true, abortSignal } as const;
        return docker.getContainer(container.Id).stats(options);
      },
    );
    const used = readStats(stats);
    return used === null ? null : { instanceId, startedAt, ...used };
  } catch (error) {
    // Gone, or going, since it was looked at.
    if (isRefusal(error, 404, 409)) return null;
    throw error;
  }
}

/**
 * null: it has ended meanwhile. As `docker stats` does it, the working set is what is used without `inactive_file`: page cache that nothing
 * has asked for again. cgroup v1 has a figure that counts the groups below too, and v2 has only that one, under the plain name.
 */
export function readStats({
  cpu_stats: cpu,
  memory_stats: memory,
}: StatsAnswer): Omit<InstanceUse, 'instanceId' | 'startedAt'> | null {
  const cpuNanoseconds = cpu?.cpu_usage?.total_usage ?? 0;
  const used = memory?.usage ?? 0;
  if (used === 0 || cpuNanoseconds === 0) return null;
  const inactive = memory?.stats?.total_inactive_file ?? memory?.stats?.inactive_file ?? 0;
  return { cpuSeconds: cpuNanoseconds / 1e9, memoryBytes: inactive < used ? used - inactive : used };
}

type DeepPartial<T> = { readonly [K in keyof T]?: T[K] extends object ? DeepPartial<T[K]> : T[K] };
