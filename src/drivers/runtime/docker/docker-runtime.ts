import { CutoverError } from '../../../domain/errors.ts';
import type { OperatorLog } from '../../../engine/ports/ports.ts';
import type { ListeningPorts, Runtime, RuntimeInfo } from '../../../engine/ports/runtime.ts';
import { Containers } from './containers.ts';
import { EngineConnection } from './engine-connection.ts';
import { readEvents } from './events.ts';
import { execInInstance } from './exec.ts';
import { instanceStatus } from './instance-status.ts';
import { instanceUse } from './instance-use.ts';
import { keepInstanceAlive } from './keep-alive.ts';
import { listeningPorts } from './listening-ports.ts';
import { inspectImage, removeImage } from './local-images.ts';
import { ProjectNetworks } from './networks.ts';
import { readOutput } from './output.ts';
import { startInstance } from './start.ts';
import type { InstanceHome } from './start.ts';
import { stopInstance } from './stop.ts';
import { parseRange } from './subnets.ts';
import type { Range } from './subnets.ts';
import { EnvironmentVolumes } from './volumes.ts';

export interface DockerRuntimeOptions {
  /** `/var/run/docker.sock` */
  readonly socketPath: string;
  /** Sets the containers, networks and volumes of this platform apart from every other on the machine. */
  readonly platformId: string;
  /** IPv4 range the projects' networks are taken from, a /26 each: `10.210.0.0/16`. */
  readonly networkPool: string;
  readonly log: OperatorLog;
}

/** Instances as containers of a Docker Engine (20.10 or later) on this machine. Opens nothing until the first call. */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  const { platformId, log } = options;
  const engine = new EngineConnection(options.socketPath);
  const containers = new Containers(engine, platformId);
  const networks = new ProjectNetworks({ engine, platformId, pool: poolOf(options.networkPool) });
  const volumes = new EnvironmentVolumes(engine, platformId);
  const home: InstanceHome = { engine, containers, platformId };
  return {
    ping: (signal) => ping(engine, signal),
    ensureNetwork: (project, signal) => networks.ensure(project, signal),
    removeNetwork: (project, signal) => networks.remove(project, signal),
    networks: (signal) => networks.projects(signal),
    inspectImage: (ref, signal) => inspectImage(engine, ref, signal),
    removeImage: (imageId, signal) => removeImage(engine, { imageId, platformId }, signal),
    start: (spec, signal) => startInstance(home, spec, signal),
    keepAlive: (instanceId, signal) => keepInstanceAlive(home, instanceId, signal),
    status: async (instanceId, signal) => {
      const container = await containers.find(instanceId, signal);
      return container === null ? null : instanceStatus(container);
    },
    listeningPorts: (instanceId, signal) => portsOf(containers, instanceId, signal),
    usage: (instanceId, signal) => instanceUse(home, instanceId, signal),
    stop: (instanceId, graceMs, signal) => stopInstance(home, { instanceId, graceMs }, signal),
    list: async (signal) => (await containers.list(signal)).map(instanceStatus),
    exec: (request, signal) => execInInstance({ ...home, log }, request, signal),
    ensureVolume: (volume, signal) => volumes.ensure(volume, signal),
    removeVolume: (volume, signal) => volumes.remove(volume, signal),
    volumes: (signal) => volumes.list(signal),
    output: (instanceId, since, signal) => readOutput(home, { instanceId, since }, signal),
    events: (signal) => readEvents({ engine, platformId, log }, signal),
  };
}

function poolOf(text: string): Range {
  const range = parseRange(text);
  if (range === null)
    throw new CutoverError('invalid_input', `the network pool is not an IPv4 range such as 10.210.0.0/16: ${text}`);
  return range;
}

async function ping(engine: EngineConnection, signal: AbortSignal): Promise<RuntimeInfo> {
  const limits = { what: 'say what it is', timeoutMs: 15_000 };
  const [version, info] = await Promise.all([
    engine.call(limits, signal, (docker) => docker.version()),
    engine.call(limits, signal, (docker) => docker.info()),
  ]);
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    cgroupVersion: info.CgroupVersion === '2' ? '2' : '1',
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    liveRestore: info.LiveRestoreEnabled === true,
  };
}

async function portsOf(containers: Containers, instanceId: string, signal: AbortSignal): Promise<ListeningPorts> {
  const container = await containers.find(instanceId, signal);
  const pid = container?.State.Pid ?? 0;
  return pid === 0 ? { open: [], loopbackOnly: [] } : listeningPorts(pid);
}
