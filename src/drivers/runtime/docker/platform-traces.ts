import { EngineConnection } from './engine-connection.ts';
import { labelFilter, platformLabel } from './labels.ts';

export interface PlatformTraces {
  readonly containers: number;
  readonly networks: number;
  readonly volumes: number;
}

const timeoutMs = 30_000;

/** What carries the label of a platform, whether that lives or is long gone. Its images are not counted: they are only ever shared. Error: `runtime_unavailable`. */
export async function platformTraces(
  socketPath: string,
  platformId: string,
  signal: AbortSignal,
): Promise<PlatformTraces> {
  const engine = new EngineConnection(socketPath);
  const filters = labelFilter({ [platformLabel]: platformId });
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    engine.call({ what: 'list containers', timeoutMs }, signal, (docker, abortSignal) =>
      docker.listContainers({ all: true, filters, abortSignal }),
    ),
    engine.call({ what: 'list networks', timeoutMs }, signal, (docker, abortSignal) =>
      docker.listNetworks({ filters, abortSignal }),
    ),
    engine.call({ what: 'list volumes', timeoutMs }, signal, (docker, abortSignal) =>
      docker.listVolumes({ filters, abortSignal }),
    ),
  ]);
  // Docker's word for "none" is null.
  return { containers: containers.length, networks: networks.length, volumes: (volumes ?? []).length };
}
