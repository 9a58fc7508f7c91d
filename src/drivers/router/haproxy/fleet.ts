import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import type { SlotNumber } from '../../../domain/route.ts';
import { command, converse, unavailable } from './cli-socket.ts';
import { readLiveState } from './live-state.ts';
import { slotName } from './names.ts';
import type { RouterPaths } from './options.ts';
import type { RouterModel } from './router-model.ts';
import { commandsForHost, commandsForSlot, type CommandContext } from './runtime-commands.ts';
import { currentWorker, oldWorker, readCapacity, readInfo, readMaster, type Worker } from './workers.ts';

const endedLimitMs = 2_000;
const restartLimitMs = 8_000;
const pollMs = 20;
const nothingThere = { servers: new Map<string, boolean>(), bundle: null };

/** Every living process of the router. */
export class Fleet {
  readonly #paths: RouterPaths;
  readonly #context: CommandContext;
  readonly #log: (message: string) => void;
  /** Old workers by process id, with the number of slots each has. */
  #old: ReadonlyMap<number, number> = new Map();

  constructor(paths: RouterPaths, context: CommandContext, log: (message: string) => void) {
    this.#paths = paths;
    this.#context = context;
    this.#log = log;
  }

  /** The current worker first. Old ones come only from reloads, so the master is asked only as long as there are some. */
  async workers(signal: AbortSignal): Promise<Worker[]> {
    const { pid } = await readInfo(this.#paths, signal);
    if (this.#old.size > 0) await this.findOld(signal);
    const old = [...this.#old].map(([one, capacity]) => oldWorker(this.#paths, one, capacity));
    return [currentWorker(this.#paths, pid), ...old.filter((one) => one.pid !== pid)];
  }

  /** null when HAProxy does not answer at the moment. */
  async currentPid(signal: AbortSignal): Promise<number | null> {
    return (await attempt(() => readInfo(this.#paths, signal), signal))?.pid ?? null;
  }

  async findOld(signal: AbortSignal): Promise<void> {
    const old = new Map<number, number>();
    for (const pid of (await readMaster(this.#paths, signal)).old) {
      const capacity = this.#old.get(pid) ?? (await attempt(() => readCapacity(this.#paths, pid, signal), signal));
      if (capacity !== null) old.set(pid, capacity);
    }
    this.#old = old;
  }

  /** Asks each worker; what an old one that has just ended would have said is left out. */
  async ask<T>(question: (worker: Worker) => Promise<T>, signal: AbortSignal): Promise<Map<number, T>> {
    const answers = new Map<number, T>();
    for (const worker of await this.workers(signal)) {
      const answer = await this.#unlessEnded(worker, () => question(worker), signal);
      if (answer !== null) answers.set(worker.pid, answer.value);
    }
    return answers;
  }

  async command(commands: readonly string[], signal: AbortSignal): Promise<void> {
    if (commands.length === 0) return;
    // Nobody has to be asked who is there, which would cost visitors a moment.
    if (this.#old.size === 0) return command(this.#paths.socket, commands, signal);
    await this.ask((worker) => worker.command(commands, signal), signal);
  }

  /** Compares what each worker has with what it should have, and makes it so. */
  async converge(model: RouterModel, signal: AbortSignal): Promise<void> {
    await this.ask(async (worker) => {
      const commands = await this.#difference(worker, model, signal);
      if (commands.length > 0) await worker.command(commands, signal);
    }, signal);
  }

  async hasSlot(slot: SlotNumber, signal: AbortSignal): Promise<boolean> {
    const [worker] = await this.workers(signal);
    const [text = ''] = (await worker?.query([`show servers conn ${slotName(slot)}`], signal)) ?? [];
    return text.startsWith('#');
  }

  async answers(signal: AbortSignal): Promise<boolean> {
    return (await attempt(() => readInfo(this.#paths, signal), signal)) !== null;
  }

  /** Waits for a router that is being started or restarted by its supervisor. */
  async untilAnswers(signal: AbortSignal): Promise<void> {
    await eventually(() => this.answers(signal), `HAProxy does not answer on ${this.#paths.socket}`, signal);
  }

  /** After a start or a reload; the master answers a moment later than its worker. */
  async untilMasterAnswers(signal: AbortSignal): Promise<void> {
    const asked = () => attempt(() => readMaster(this.#paths, signal), signal);
    const known = async () => ((await asked())?.current ?? null) !== null;
    await eventually(known, `HAProxy's master does not answer on ${this.#paths.masterSocket}`, signal);
    await this.findOld(signal);
  }

  /** Starts a new worker with the configuration on disk; the old one finishes what it has. */
  async reload(signal: AbortSignal): Promise<void> {
    const before = (await readInfo(this.#paths, signal)).pid;
    await converse(this.#paths.masterSocket, 'reload', signal);
    const replaced = async () => {
      const now = await attempt(() => readInfo(this.#paths, signal), signal);
      return now !== null && now.pid !== before;
    };
    await eventually(replaced, 'HAProxy did not take its new configuration; the old one is still in force', signal);
    await this.untilMasterAnswers(signal);
  }

  async #difference(worker: Worker, model: RouterModel, signal: AbortSignal): Promise<string[]> {
    const live = await readLiveState(worker, this.#context, signal);
    const slots = [...new Set([...live.slots.keys(), ...model.slots.keys()])].map((slot) =>
      commandsForSlot(slot, live.slots.get(slot) ?? nothingThere, model.servers(slot), this.#context),
    );
    const hosts = [...new Set([...live.hosts.keys(), ...live.special, ...model.routes.keys()])].flatMap((host) => {
      const from = { value: live.hosts.get(host) ?? null, special: live.special.has(host) };
      return commandsForHost(host, from, model.routes.get(host) ?? null, this.#context);
    });
    return [...slots.flatMap((one) => one.adding), ...hosts, ...slots.flatMap((one) => one.removing)];
  }

  /** The master still lists an old worker for a moment after its end: such a one is asked again until it is gone. */
  async #unlessEnded<T>(worker: Worker, work: () => Promise<T>, signal: AbortSignal): Promise<{ value: T } | null> {
    const deadline = performance.now() + endedLimitMs;
    for (;;) {
      try {
        return { value: await work() };
      } catch (error) {
        if (worker.current || signal.aborted || performance.now() > deadline) throw error;
        await this.findOld(signal);
        if (!this.#old.has(worker.pid)) break;
        await sleep(pollMs, undefined, { signal });
      }
    }
    this.#log(`old worker ${worker.pid} has ended`);
    return null;
  }
}

async function eventually(reached: () => Promise<boolean>, otherwise: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + restartLimitMs;
  while (!(await reached())) {
    if (performance.now() > deadline) throw unavailable(otherwise);
    await sleep(pollMs, undefined, { signal });
  }
}

/** null when HAProxy does not answer at the moment. */
async function attempt<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof CutoverError)) throw error;
    return null;
  }
}
