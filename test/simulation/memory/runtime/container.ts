import type { InstanceUse } from '../../../../src/domain/resource-use.ts';
import type {
  InstanceSpec,
  InstanceStatus,
  ListeningPorts,
  OutputChunk,
} from '../../../../src/engine/ports/runtime.ts';
import { behaviourOf, spoken, type AnswerPhase, type AppBehaviour } from '../app-behaviour.ts';
import { Bell } from '../bell.ts';
import {
  answerWith,
  type AppAnswer,
  type AppRequest,
  type Connection,
  type Endpoint,
  type Host,
} from '../endpoints.ts';
import type { Timer } from '../timers.ts';
import type { Image } from './images.ts';

/** `restarting`: it has exited, and the engine starts it again after a pause. `removed`: it is no more. */
export type ContainerState = 'created' | 'running' | 'restarting' | 'exited' | 'removed';

/** What a container needs to know of the world. */
export interface Surroundings {
  readonly now: () => number;
  readonly monotonic: () => number;
  /** 0 ≤ x < 1. */
  readonly chance: () => number;
}

const nothing: ListeningPorts = Object.freeze({ open: [], loopbackOnly: [] });

/** One container with the process in it. It changes by the hand of the engine (`Containers`) only. */
export class Container implements Endpoint, Host {
  readonly containerId: string;
  readonly spec: InstanceSpec;
  readonly image: Image;
  readonly behaviour: AppBehaviour;
  readonly output: OutputChunk[] = [];
  readonly changed = new Bell();
  readonly connections = new Set<Connection>();
  /** Command lines of what was started inside. */
  readonly commands = new Set<readonly string[]>();
  /** Of the process that runs now. */
  timers: Timer[] = [];
  state: ContainerState = 'created';
  address: string | null = null;
  /** Epoch ms; null: it never ran. */
  startedAt: number | null = null;
  /** Of the monotonic clock. */
  upSince = 0;
  /** Number of the process in it: 1 for its first start. */
  generation = 0;
  exitCode: number | null = null;
  outOfMemory = false;
  restarts = 0;
  /** The engine restarts it whenever it exits. */
  isKeptAlive = false;
  /** Somebody has stopped it: nobody restarts it. */
  isStopped = false;
  restartPauseMs = 0;
  readonly #surroundings: Surroundings;
  #status: InstanceStatus | null = null;

  constructor(
    containerId: string,
    { spec, image }: { readonly spec: InstanceSpec; readonly image: Image },
    surroundings: Surroundings,
  ) {
    this.containerId = containerId;
    this.spec = spec;
    this.image = image;
    this.behaviour = behaviourOf(image.app, spec.process, spec.command);
    this.#surroundings = surroundings;
  }

  get name(): string {
    return this.spec.instanceId;
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  /** It will run again by itself, or runs. */
  get isAlive(): boolean {
    return this.state === 'running' || this.state === 'restarting';
  }

  /** To be called after every change. */
  touch(): void {
    this.#status = null;
    this.changed.ring();
  }

  status(): InstanceStatus {
    return (this.#status ??= Object.freeze({
      instanceId: this.spec.instanceId,
      deploymentId: this.spec.deploymentId,
      containerId: this.containerId,
      running: this.isRunning,
      address: this.address,
      startedAt: this.startedAt,
      exitCode: this.isRunning || this.startedAt === null ? null : this.exitCode,
      outOfMemory: this.outOfMemory,
      restarts: this.restarts,
    }));
  }

  /** What it listens on now. */
  ports(): ListeningPorts {
    if (!this.#listens()) return nothing;
    return this.behaviour.ports ?? { open: [this.spec.port], loopbackOnly: [] };
  }

  #listens(): boolean {
    const { listensAfterMs } = this.behaviour;
    return this.isRunning && listensAfterMs !== null && this.#upMs() >= listensAfterMs;
  }

  /** null: it does not run. */
  used(): InstanceUse | null {
    if (!this.isRunning || this.startedAt === null) return null;
    const { cpuCores, memoryBytes } = this.behaviour.uses;
    return {
      instanceId: this.name,
      startedAt: this.startedAt,
      cpuSeconds: (cpuCores * this.#upMs()) / 1_000,
      memoryBytes,
    };
  }

  endpointAt(port: number): Endpoint | null {
    if (!this.#listens()) return null;
    const { ports } = this.behaviour;
    return (ports === null ? port === this.spec.port : ports.open.includes(port)) ? this : null;
  }

  take({ isProbe, takesMs }: AppRequest): AppAnswer {
    const phase = this.#phase();
    if (phase.status === null) return answerWith({ headersMs: null });
    const headersMs = phase.answerMs ?? 0;
    const rate = phase.errorRate ?? 0;
    if (!isProbe && rate > 0 && this.#surroundings.chance() < rate) {
      return answerWith({ headersMs, status: 500, body: 'an error' });
    }
    return answerWith({ headersMs, status: phase.status, body: this.#bodyOf(phase), bodyMs: takesMs });
  }

  print(stream: OutputChunk['stream'], text: string): void {
    const time = new Date(this.#surroundings.now()).toISOString();
    // The engine's nanoseconds tell lines of one millisecond apart.
    const count = String(this.output.length % 1_000_000).padStart(6, '0');
    this.output.push({ stream, position: `${time.slice(0, -1)}${count}Z`, text: spoken(text, this.spec.variables) });
    this.changed.ring();
  }

  #bodyOf({ body }: AnswerPhase): string {
    return body === undefined ? this.name : spoken(body, this.spec.variables);
  }

  #upMs(): number {
    return this.#surroundings.monotonic() - this.upSince;
  }

  #phase(): AnswerPhase {
    let left = this.#upMs() - (this.behaviour.listensAfterMs ?? 0);
    for (const phase of this.behaviour.answers) {
      if (left < phase.forMs) return phase;
      left -= phase.forMs;
    }
    return this.behaviour.answers.at(-1) ?? { forMs: Infinity, status: 200 };
  }
}
