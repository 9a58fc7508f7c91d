import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import type { SlotNumber } from '../../../domain/route.ts';
import { converse, unavailable } from './cli-socket.ts';
import { readLiveState } from './live-state.ts';
import { slotName } from './names.ts';
import type { RouterPaths } from './options.ts';
import type { RouterModel } from './router-model.ts';
import { commandsForHost, commandsForSlot, type CommandContext } from './runtime-commands.ts';
import { addressedWorker, currentWorker, readInfo, readMaster, type Worker } from './workers.ts';

const endedLimitMs = 2_000;
const restartLimitMs = 8_000;
/** A master that starts a worker is silent for less; one that is silent for longer, while its worker answers, hangs or cannot be reached. */
const masterPatienceMs = 3_000;
/** Once it has been silent for that long. */
const silentMasterPatienceMs = 300;
const pollMs = 20;
const nothingThere = { servers: new Map<string, boolean>(), bundle: null };

/** Process ids of workers, the current one first. */
export type Pids = ReadonlySet<number>;

/** Every living process of the router. */
export class Fleet {
  readonly #paths: RouterPaths;
  readonly #context: CommandContext;
  readonly #log: (message: string) => void;
  /** As the master last said, the current one first. */
  #pids: readonly number[] = [];
  #masterIsSilent = false;

  constructor(paths: RouterPaths, context: CommandContext, log: (message: string) => void) {
    this.#paths = paths;
    this.#context = context;
    this.#log = log;
  }

  /** The current worker first. Others come only from reloads, so the master is asked only where there are, or were just now, some. */
  async workers(signal: AbortSignal): Promise<Worker[]> {
    const [only, ...others] = this.#pids;
    const alone = others.length === 0 && (await readInfo(this.#paths, signal)).pid === only;
    if (!alone) await this.list(signal);
    return this.#known();
  }

  /**
   * Every worker there is, from the master. Whoever is not named reads the files only after this call began: a master that starts a worker
   * answers nobody from before it reads them until that worker is there. null: the master does not answer, though a worker does, and nobody
   * knows who else there is; visitors are no reason to wait for it.
   */
  async list(signal: AbortSignal): Promise<Pids | null> {
    const patience = performance.now() + (this.#masterIsSilent ? silentMasterPatienceMs : masterPatienceMs);
    const otherwise = `HAProxy's master does not answer on ${this.#paths.masterSocket}`;
    const found = { all: false };
    const settled = async () => {
      found.all = await this.#askMaster(signal);
      return found.all || (performance.now() > patience && (await this.#askWorker(otherwise, signal)));
    };
    await eventually(settled, otherwise, signal);
    this.#masterIsSilent = !found.all;
    return found.all ? new Set(this.#pids) : null;
  }

  async #askWorker(why: string, signal: AbortSignal): Promise<boolean> {
    const info = await attempt(() => readInfo(this.#paths, signal), signal);
    if (info === null) return false;
    this.#log(`${why}: worker ${info.pid} is told alone`);
    this.#pids = [info.pid];
    return true;
  }

  /** False while it does not answer, as when a worker is being started. */
  async #askMaster(signal: AbortSignal): Promise<boolean> {
    const status = await attempt(() => readMaster(this.#paths, signal), signal);
    if (status === null) return false;
    const { current, old } = status;
    this.#pids = current === null ? [] : [current, ...old];
    return current !== null;
  }

  #known(): Worker[] {
    const [only, ...others] = this.#pids;
    if (only !== undefined && others.length === 0) return [currentWorker(this.#paths, only)];
    return this.#pids.map((pid) => addressedWorker(this.#paths, pid, pid !== only));
  }

  /** Asks each worker; what an old one that has just ended would have said is left out. */
  async ask<T>(question: (worker: Worker) => Promise<T>, signal: AbortSignal): Promise<Map<number, T>> {
    return this.#askAll(await this.workers(signal), question, signal);
  }

  async #askAll<T>(
    workers: readonly Worker[],
    question: (worker: Worker) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Map<number, T>> {
    const answers = new Map<number, T>();
    for (const worker of workers) {
      const answer = await this.#unlessEnded(worker, () => question(worker), signal);
      if (answer !== null) answers.set(worker.pid, answer.value);
    }
    return answers;
  }

  /** Tells those that are known; nobody is asked who is there, which would cost visitors a moment. */
  async command(commands: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#askAll(this.#known(), (worker) => worker.command(commands, signal), signal);
  }

  /** Compares what each worker has with what it should have, and makes it so; resolves to those workers, null as with `list`. */
  async converge(model: RouterModel, signal: AbortSignal): Promise<Pids | null> {
    for (;;) {
      await this.untilAnswers(signal);
      const before = await this.list(signal);
      await this.#askAll(this.#known(), (worker) => this.#correct(worker, model, signal), signal);
      if (before === null) return null;
      const now = await this.list(signal);
      // Where one took over from another meanwhile, nobody knows which of them answered.
      if (now === null || isWithin(now, before)) return now;
    }
  }

  async #correct(worker: Worker, model: RouterModel, signal: AbortSignal): Promise<void> {
    await worker.command(await this.#difference(worker, model, signal), signal);
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

  /** Starts a new worker with the configuration on disk; the old one finishes what it has. */
  async reload(signal: AbortSignal): Promise<void> {
    const before = (await readInfo(this.#paths, signal)).pid;
    await converse(this.#paths.masterSocket, 'reload', signal);
    const replaced = async () => {
      const now = await attempt(() => readInfo(this.#paths, signal), signal);
      return now !== null && now.pid !== before;
    };
    await eventually(replaced, 'HAProxy did not take its new configuration; the old one is still in force', signal);
    await this.list(signal);
  }

  async #difference(worker: Worker, model: RouterModel, signal: AbortSignal): Promise<string[]> {
    const live = await readLiveState(worker, this.#context, signal);
    const slots = [...new Set([...live.slots.keys(), ...model.slots.keys()])].map((slot) =>
      commandsForSlot(slot, live.slots.get(slot) ?? nothingThere, model.servers(slot), this.#context),
    );
    const known = [live.hosts.keys(), live.special, live.guards.keys(), model.routes.keys(), model.guards.keys()];
    const hosts = [...new Set(known.flatMap((names) => [...names]))].flatMap((host) => {
      const from = {
        value: live.hosts.get(host) ?? null,
        special: live.special.has(host),
        guard: live.guards.get(host) ?? null,
      };
      return commandsForHost(host, from, model.host(host), this.#context);
    });
    return [...slots.flatMap((one) => one.adding), ...hosts, ...slots.flatMap((one) => one.removing)];
  }

  /** The master lists a worker a moment longer than it lives, and a moment before it answers: such a one is asked again. */
  async #unlessEnded<T>(worker: Worker, work: () => Promise<T>, signal: AbortSignal): Promise<{ value: T } | null> {
    const deadline = performance.now() + endedLimitMs;
    for (;;) {
      try {
        return { value: await work() };
      } catch (error) {
        if (!worker.addressed || signal.aborted) throw error;
        const late = performance.now() > deadline;
        if (late && !worker.old) throw error;
        // Whoever still comes to an old one is passed on.
        if (late) return this.#leaveOut(`old worker ${worker.pid} does not answer: ${String(error)}`);
        await this.list(signal);
        if (!this.#pids.includes(worker.pid)) return this.#leaveOut(`worker ${worker.pid} has ended`);
        await sleep(pollMs, undefined, { signal });
      }
    }
  }

  #leaveOut(why: string): null {
    this.#log(why);
    return null;
  }
}

/** Whether there is nobody among them who was not there before, and the same one is the current one, which is named first. */
export function isWithin(now: Pids, before: Pids): boolean {
  const [current] = now;
  const [currentBefore] = before;
  return current === currentBefore && [...now].every((pid) => before.has(pid));
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
