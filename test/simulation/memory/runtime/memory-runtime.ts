import { CutoverError } from '../../../../src/domain/errors.ts';
import type { InstanceUse } from '../../../../src/domain/resource-use.ts';
import type {
  ExecRequest,
  ExecResult,
  ImageInfo,
  InstanceSpec,
  InstanceStatus,
  ListeningPorts,
  OutputChunk,
  OutputPosition,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  VolumeId,
} from '../../../../src/engine/ports/runtime.ts';
import { runCommand } from './commands.ts';
import type { Container } from './container.ts';
import type { Containers } from './containers.ts';
import type { Images } from './images.ts';
import type { Networks } from './networks.ts';
import { nextStep, reach, type Caller } from './reach.ts';
import type { Volumes } from './volumes.ts';

export interface Machine {
  readonly containers: Containers;
  readonly images: Images;
  readonly networks: Networks;
  readonly volumes: Volumes;
}

const reconnectMs = 100;

const information: RuntimeInfo = Object.freeze({
  version: 'memory',
  apiVersion: '1.41',
  cgroupVersion: '2',
  cpus: 2,
  memoryBytes: 8 * 1024 ** 3,
  liveRestore: false,
});

/** The containers of the world, as one control plane reaches them. */
export class MemoryRuntime implements Runtime {
  readonly #machine: Machine;
  readonly #caller: Caller;

  constructor(machine: Machine, caller: Caller) {
    this.#machine = machine;
    this.#caller = caller;
  }

  async ping(signal: AbortSignal): Promise<RuntimeInfo> {
    this.#reach(signal);
    return information;
  }

  async ensureNetwork(project: string, signal: AbortSignal): Promise<void> {
    this.#reach(signal).networks.ensure(project);
  }

  async removeNetwork(project: string, signal: AbortSignal): Promise<void> {
    this.#reach(signal).networks.remove(project);
  }

  async networks(signal: AbortSignal): Promise<readonly string[]> {
    return this.#reach(signal).networks.projects();
  }

  async inspectImage(ref: string, signal: AbortSignal): Promise<ImageInfo | null> {
    const image = this.#reach(signal).images.find(ref);
    if (image === null) return null;
    const { imageId, sizeBytes, exposedPorts } = image;
    return { imageId, sizeBytes, exposedPorts };
  }

  async removeImage(imageId: string, signal: AbortSignal): Promise<void> {
    const { images, containers } = this.#reach(signal);
    if (!containers.uses(imageId)) images.remove(imageId);
  }

  async start(spec: InstanceSpec, signal: AbortSignal): Promise<InstanceStatus> {
    const { containers } = this.#reach(signal);
    const container = containers.find(spec.instanceId) ?? containers.create(spec);
    for (const { name } of spec.volumes) this.#machine.volumes.ensure({ ...spec, name });
    await nextStep(this.#caller);
    if (container.state === 'created') this.#run(container);
    if (container.state === 'removed') {
      throw new CutoverError(
        'instance_start_failed',
        `the container of ${spec.instanceId} disappeared while it started`,
      );
    }
    return container.status();
  }

  async keepAlive(instanceId: string, signal: AbortSignal): Promise<void> {
    const { containers } = this.#reach(signal);
    const container = containers.find(instanceId);
    if (container === null) throw new CutoverError('not_found', `instance ${instanceId} has no container`);
    containers.keepAlive(container);
  }

  async status(instanceId: string, signal: AbortSignal): Promise<InstanceStatus | null> {
    return this.#reach(signal).containers.find(instanceId)?.status() ?? null;
  }

  async listeningPorts(instanceId: string, signal: AbortSignal): Promise<ListeningPorts> {
    return this.#reach(signal).containers.find(instanceId)?.ports() ?? { open: [], loopbackOnly: [] };
  }

  async usage(instanceId: string, signal: AbortSignal): Promise<InstanceUse | null> {
    return this.#reach(signal).containers.find(instanceId)?.used() ?? null;
  }

  async stop(instanceId: string, graceMs: number, signal: AbortSignal): Promise<void> {
    const { containers } = this.#reach(signal);
    const container = containers.find(instanceId);
    if (container === null) return;
    await unlessAborted(containers.terminate(container, graceMs), signal);
    await nextStep(this.#caller);
    this.#reach(signal).containers.remove(container);
  }

  async list(signal: AbortSignal): Promise<readonly InstanceStatus[]> {
    return this.#reach(signal)
      .containers.list()
      .map((container) => container.status());
  }

  async exec(request: ExecRequest, signal: AbortSignal): Promise<ExecResult> {
    return runCommand({ ...this.#reach(signal), clock: this.#caller.clock }, request, signal);
  }

  async ensureVolume(volume: VolumeId, signal: AbortSignal): Promise<void> {
    this.#reach(signal).volumes.ensure(volume);
  }

  async removeVolume(volume: VolumeId, signal: AbortSignal): Promise<void> {
    const { containers, volumes } = this.#reach(signal);
    const { project, environment, name } = volume;
    const isUsed = containers
      .list()
      .some(
        ({ spec }) =>
          spec.project === project && spec.environment === environment && spec.volumes.some((one) => one.name === name),
      );
    if (isUsed)
      throw new CutoverError('volume_in_use', `volume ${name} of ${project}/${environment} is mounted by an instance`);
    volumes.remove(volume);
  }

  async volumes(signal: AbortSignal): Promise<readonly VolumeId[]> {
    return this.#reach(signal).volumes.list();
  }

  async *output(instanceId: string, since: OutputPosition | null, signal: AbortSignal): AsyncGenerator<OutputChunk> {
    const container = this.#reach(signal).containers.find(instanceId);
    if (container === null) return;
    let next = since === null ? 0 : container.output.findIndex(({ position }) => position === since) + 1;
    for (;;) {
      for (let chunk = container.output[next]; chunk !== undefined; chunk = container.output[next]) {
        next += 1;
        yield chunk;
      }
      if (container.state === 'exited' || container.state === 'removed') return;
      await container.changed.wait(signal);
    }
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const { containers } = this.#machine;
    for (;;) {
      signal.throwIfAborted();
      if (containers.isUp) yield* follow(containers, signal);
      await this.#caller.clock.sleep(reconnectMs, signal);
    }
  }

  #run(container: Container): void {
    const { containers } = this.#machine;
    try {
      containers.run(container);
    } catch (error) {
      containers.remove(container);
      throw error;
    }
  }

  #reach(signal: AbortSignal): Machine {
    return reach(this.#machine, this.#caller, signal);
  }
}

/** Until the line is cut. */
async function* follow(containers: Containers, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const channel = containers.events.listen();
  try {
    yield { type: 'relist' };
    for (let events = await channel.take(signal); events !== null; events = await channel.take(signal)) yield* events;
  } finally {
    containers.events.leave(channel);
  }
}

/** What the engine was asked for it does, also when nobody waits for it any more. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
