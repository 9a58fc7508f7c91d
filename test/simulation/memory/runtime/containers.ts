import { CutoverError } from '../../../../src/domain/errors.ts';
import type { InstanceSpec, RuntimeEvent } from '../../../../src/engine/ports/runtime.ts';
import { Broadcast } from '../broadcast.ts';
import type { Endpoints } from '../endpoints.ts';
import type { Timer, Timers } from '../timers.ts';
import { Container, type Surroundings } from './container.ts';
import type { Images } from './images.ts';
import type { Networks } from './networks.ts';

export const killedCode = 137;
/** As Docker Engine does it: doubled with every restart, and the first one again after so long a life. */
const firstRestartPauseMs = 100;
const longestRestartPauseMs = 60_000;
const longLifeMs = 10_000;

export interface EngineParts extends Surroundings {
  readonly timers: Timers;
  readonly images: Images;
  readonly networks: Networks;
  readonly endpoints: Endpoints;
}

interface End {
  readonly exitCode: number;
  readonly outOfMemory?: boolean;
}

/** The engine that keeps containers: what it does it does by itself, whether anybody who asked for it is still there or not. */
export class Containers {
  readonly events = new Broadcast<RuntimeEvent>();
  readonly #parts: EngineParts;
  readonly #byInstance = new Map<string, Container>();
  #made = 0;
  #isUp = true;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** It answers. */
  get isUp(): boolean {
    return this.#isUp;
  }

  find(instanceId: string): Container | null {
    return this.#byInstance.get(instanceId) ?? null;
  }

  list(): readonly Container[] {
    return [...this.#byInstance.values()];
  }

  uses(imageId: string): boolean {
    return this.list().some(({ image }) => image.imageId === imageId);
  }

  /** Errors: `artifact_gone`. */
  create(spec: InstanceSpec): Container {
    const image = this.#parts.images.find(spec.imageId);
    if (image === null) throw new CutoverError('artifact_gone', `no such image: ${spec.imageId}`);
    this.#made += 1;
    const container = new Container(this.#made.toString(16).padStart(64, '0'), { spec, image }, this.#parts);
    this.#byInstance.set(spec.instanceId, container);
    return container;
  }

  /** Of one that does not run. Errors: `instance_start_failed`. */
  run(container: Container): void {
    if (container.behaviour.cannotStart) throw startFailed('no such program in the image');
    const { networks, endpoints, chance } = this.#parts;
    const address = networks.take(container.spec.project, chance() < 0.5);
    if (address === null) throw startFailed(`no address in the network of ${container.spec.project}`);
    endpoints.assign(address, container);
    container.address = address;
    container.state = 'running';
    container.startedAt = this.#parts.now();
    container.upSince = this.#parts.monotonic();
    container.generation += 1;
    container.exitCode = null;
    container.outOfMemory = false;
    container.isStopped = false;
    this.#announce(container, { type: 'started', instanceId: container.name });
    this.#live(container);
  }

  /** Restarted from now on; started at once where it has exited. */
  keepAlive(container: Container): void {
    container.isKeptAlive = true;
    if (!container.isAlive) this.run(container);
  }

  /** SIGTERM, the grace, SIGKILL; resolves when the process has ended. One that does not run any more is not restarted either. */
  async terminate(container: Container, graceMs: number): Promise<void> {
    container.isStopped = true;
    if (container.state === 'restarting') this.#settle(container, 'exited');
    if (container.state !== 'running') return;
    const { generation } = container;
    const { afterMs, exitCode, prints } = container.behaviour.ending;
    const end = (code: number, line?: string) => () => {
      if (line !== undefined && container.isRunning) container.print('stdout', line);
      this.#end(container, { exitCode: code });
    };
    if (afterMs === 0) end(exitCode, prints)();
    else if (afterMs !== null) this.#during(container, afterMs, end(exitCode, prints));
    if (container.isRunning) this.#during(container, graceMs, end(killedCode));
    while (container.isRunning && container.generation === generation) await container.changed.wait(neverAborted);
  }

  /** By force. */
  remove(container: Container): void {
    if (container.state === 'removed') return;
    container.isStopped = true;
    this.kill(container);
    this.#byInstance.delete(container.name);
    this.#settle(container, 'removed');
    this.#announce(container, { type: 'removed', instanceId: container.name });
  }

  /** By somebody else than the engine, or by the kernel: an exit like any other. */
  kill(container: Container, end: End = { exitCode: killedCode }): void {
    if (container.isRunning) this.#end(container, end);
  }

  /** The engine's process ends. With `all` its containers do too, else they live on without it. */
  goDown(all: boolean): void {
    this.#isUp = false;
    this.events.cut();
    for (const container of this.#byInstance.values()) {
      if (all) this.kill(container);
      if (container.state === 'restarting') this.#cancelTimers(container);
    }
  }

  /** It is back: what is to be kept alive and is not is started. */
  comeUp(): void {
    this.#isUp = true;
    for (const container of this.#byInstance.values()) {
      if (container.state === 'restarting' || (container.state === 'exited' && mayRestart(container)))
        this.#restart(container);
    }
  }

  #live(container: Container): void {
    const { prints, exits } = container.behaviour;
    for (const { atMs, stream, text } of prints) {
      if (atMs === 0) container.print(stream, text);
      else this.#during(container, atMs, () => container.print(stream, text));
    }
    if (exits === null || container.generation > (exits.starts ?? Infinity)) return;
    this.#during(container, exits.afterMs, () => this.#end(container, exits));
  }

  /** Unless the process has ended by then. */
  #during(container: Container, ms: number, work: () => void): void {
    container.timers.push(this.#parts.timers.after(ms, work));
  }

  #end(container: Container, { exitCode, outOfMemory = false }: End): void {
    if (!container.isRunning) return;
    const livedMs = this.#parts.monotonic() - container.upSince;
    container.exitCode = exitCode;
    container.outOfMemory = outOfMemory;
    this.#settle(container, 'exited');
    const { now } = this.#parts;
    this.#announce(container, {
      type: 'exited',
      instanceId: container.name,
      containerId: container.status().containerId,
      at: Math.round(now()),
      exitCode,
      outOfMemory,
    });
    if (mayRestart(container) && this.#isUp) this.#restartLater(container, livedMs);
  }

  #restartLater(container: Container, livedMs: number): void {
    const before = livedMs >= longLifeMs ? 0 : container.restartPauseMs;
    const pauseMs = before === 0 ? firstRestartPauseMs : Math.min(before * 2, longestRestartPauseMs);
    container.restartPauseMs = pauseMs;
    container.restarts += 1;
    container.state = 'restarting';
    container.touch();
    this.#during(container, pauseMs, () => this.#restart(container));
  }

  #restart(container: Container): void {
    // It may be waiting for its pause while the engine comes back: it is started once.
    this.#cancelTimers(container);
    try {
      this.run(container);
    } catch (error) {
      // There is no address for it any more: it stays as it is, and the engine's log says why.
      if (!(error instanceof CutoverError)) throw error;
      this.#settle(container, 'exited');
    }
  }

  #announce(container: Container, event: RuntimeEvent): void {
    container.touch();
    if (this.#isUp) this.events.say(event);
  }

  /** Nothing of the process is left. */
  #settle(container: Container, state: 'exited' | 'removed'): void {
    this.#cancelTimers(container);
    container.state = state;
    container.commands.clear();
    if (container.address !== null) {
      this.#parts.endpoints.withdraw(container.address);
      this.#parts.networks.giveBack(container.spec.project, container.address);
      container.address = null;
    }
    container.touch();
    const lost = [...container.connections];
    container.connections.clear();
    for (const connection of lost) connection.lost();
  }

  #cancelTimers(container: Container): void {
    const { timers }: { readonly timers: readonly Timer[] } = container;
    container.timers = [];
    for (const timer of timers) timer.cancel();
  }
}

const neverAborted = new AbortController().signal;

function mayRestart({ isKeptAlive, isStopped }: Container): boolean {
  return isKeptAlive && !isStopped;
}

function startFailed(message: string): CutoverError {
  return new CutoverError('instance_start_failed', message);
}
