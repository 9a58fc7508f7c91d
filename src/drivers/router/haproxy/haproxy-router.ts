import { CutoverError } from '../../../domain/errors.ts';
import { sameGuard, type HostGuard, type RouteTarget, type SlotNumber } from '../../../domain/route.ts';
import type {
  RequestOutcome,
  Router,
  RouterInfo,
  RouterServer,
  RouterSnapshot,
  SlotCounters,
} from '../../../engine/ports/router.ts';
import { followAwaited } from './awaited-feed.ts';
import { ChangeQueue, unlessAborted } from './change-queue.ts';
import type { CounterBook } from './counter-book.ts';
import { RouterDisk } from './disk.ts';
import { Fleet, isWithin, type Pids } from './fleet.ts';
import { readLiveState, readServerNames, toSnapshot } from './live-state.ts';
import { hasLua } from './lua-support.ts';
import { checkedHost, checkGuard, checkServer, nameOf, slotName } from './names.ts';
import { routerPaths, type HaproxyRouterOptions, type RouterPaths } from './options.ts';
import { OutcomeFeed } from './outcome-feed.ts';
import { purge } from './purge.ts';
import type { RouterModel } from './router-model.ts';
import { commandsForChanges, type CommandContext } from './runtime-commands.ts';
import { closeOldest } from './sessions.ts';
import { countStalled } from './stalls.ts';
import { openStreams, parseStat, readStat, slotSums, usedConnections } from './stats.ts';
import { checkConfig, checkPorts, logTail, startSupervisor, stopSupervisor, supervisorRuns } from './supervision.ts';
import { readInfo, type Worker } from './workers.ts';

const commitLimitMs = 20_000;

export interface HaproxyRouter extends Router {
  /** Ends HAProxy and its supervisor; visitors get nothing any more. For `server stop --all`. */
  stop(signal: AbortSignal): Promise<void>;
}

/** Loads what was last committed; nothing is started. One at a time may change a directory. Errors: `invalid_input`, `router_unavailable`. */
export async function createHaproxyRouter(options: HaproxyRouterOptions): Promise<HaproxyRouter> {
  if (!/^\/[\w./-]{1,80}$/.test(options.dir)) {
    throw new CutoverError(
      'invalid_input',
      `"${options.dir}" cannot be the router's directory: a short absolute path without spaces is needed`,
    );
  }
  const paths = routerPaths(options.dir);
  const lua = await hasLua(options.haproxyBin);
  if (!lua) options.log?.('this HAProxy has no Lua: requests that should be held are answered 503 with Retry-After: 1');
  const disk = new RouterDisk(options, paths, lua);
  return new Haproxy({ options, paths, disk, lua, ...(await disk.load()) });
}

interface Parts {
  readonly options: HaproxyRouterOptions;
  readonly paths: RouterPaths;
  readonly disk: RouterDisk;
  readonly lua: boolean;
  readonly model: RouterModel;
  readonly counters: CounterBook;
}

interface Commit {
  readonly commands: readonly string[];
  readonly hostsOnly: boolean;
  /** null: the workers are to be compared with the model. */
  readonly inStep: Pids | null;
}

/**
 * A change goes into the model, then to disk, then to every worker of HAProxy. The disk comes first: whatever is interrupted after it
 * is completed by the next attempt, or by HAProxy itself when it restarts. Where hosts lead goes to both at once, so that no visitor
 * waits for the disk. When a worker is not as the model assumes (it was restarted, or a call was cut off), the workers are compared with
 * the model and corrected.
 */
class Haproxy implements HaproxyRouter {
  readonly #options: HaproxyRouterOptions;
  readonly #paths: RouterPaths;
  readonly #disk: RouterDisk;
  readonly #lua: boolean;
  readonly #model: RouterModel;
  readonly #counters: CounterBook;
  readonly #context: CommandContext;
  readonly #fleet: Fleet;
  readonly #queue = new ChangeQueue(() => this.#commit());
  readonly #log: (message: string) => void;
  /** The workers that are known to be as the model says, and there is no other one; null: not known. */
  #inStep: Pids | null = null;
  /** What is on disk besides the model, the counters, has changed. */
  #unsaved = false;

  constructor({ options, paths, disk, lua, model, counters }: Parts) {
    this.#options = options;
    this.#paths = paths;
    this.#disk = disk;
    this.#lua = lua;
    this.#model = model;
    this.#counters = counters;
    this.#log = options.log ?? (() => undefined);
    const { hostsMap, specialMap, guardsMap, bundlesMap } = paths;
    this.#context = { hostsMap, specialMap, guardsMap, bundlesMap, staticEndpoint: options.staticEndpoint };
    this.#fleet = new Fleet(paths, this.#context, this.#log);
  }

  ensureRunning(signal: AbortSignal): Promise<void> {
    return unlessAborted(
      this.#queue.exclusive(() => this.#start(signal)),
      signal,
    );
  }

  async ping(signal: AbortSignal): Promise<RouterInfo> {
    return readInfo(this.#paths, signal);
  }

  capacity(): number {
    return this.#model.capacity;
  }

  grow(slots: number, signal: AbortSignal): Promise<void> {
    return unlessAborted(
      this.#queue.exclusive(() => this.#grow(slots, AbortSignal.timeout(commitLimitMs))),
      signal,
    );
  }

  async addServer(slot: SlotNumber, server: RouterServer, signal: AbortSignal): Promise<void> {
    checkServer(server);
    await this.#change(slot, () => this.#model.addServer(slot, server), signal);
    await this.#purge(slot, { name: server.name, force: false }, signal);
  }

  async drainServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void> {
    await this.#change(slot, () => this.#model.setDraining(slot, name, true), signal);
  }

  async resumeServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void> {
    await this.#change(slot, () => this.#model.setDraining(slot, name, false), signal);
  }

  async removeServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void> {
    await this.#change(slot, () => this.#model.removeServer(slot, name), signal);
    await this.#purge(slot, { name, force: true }, signal);
  }

  async clearSlot(slot: SlotNumber, signal: AbortSignal): Promise<void> {
    await this.#change(slot, () => this.#model.clearSlot(slot), signal);
    await this.#purge(slot, { name: null, force: true }, signal);
    const sums = await this.#read((worker) => this.#sums(worker, slot, signal), signal);
    await this.#queue.submit(() => {
      this.#counters.restart(slot, sums);
      this.#unsaved = true;
    }, signal);
  }

  async setRoute(hosts: readonly string[], target: RouteTarget, signal: AbortSignal, revision?: number): Promise<void> {
    if (!(target.share >= 0 && target.share <= 100))
      throw new CutoverError('invalid_input', `${target.share} is not a share`);
    const names = hosts.map(checkedHost);
    const rounded = { ...target, share: target.candidate === null ? 0 : Math.round(target.share) };
    await this.#queue.submit(() => {
      this.#model.checkSlot(target.stable);
      if (target.candidate !== null) this.#model.checkSlot(target.candidate);
      for (const host of names) this.#model.setRoute(host, rounded, revision);
    }, signal);
  }

  async setGuard(hosts: readonly string[], guard: HostGuard | null, signal: AbortSignal): Promise<void> {
    const names = hosts.map(checkedHost);
    if (guard !== null) checkGuard(guard);
    if (names.every((host) => sameGuard(this.#model.host(host).guard, guard))) return;
    await this.#queue.submit(() => {
      for (const host of names) this.#model.setGuard(host, guard);
    }, signal);
  }

  async removeRoute(hosts: readonly string[], signal: AbortSignal, revision?: number): Promise<void> {
    const names = hosts.map(checkedHost);
    await this.#queue.submit(() => {
      for (const host of names) this.#model.setRoute(host, null, revision);
    }, signal);
  }

  async inFlight(slot: SlotNumber, server: string | null, signal: AbortSignal): Promise<number> {
    const open = await this.#read(async (worker) => {
      const commands = [`show stat ${slotName(slot)} 6 -1`, `show servers conn ${slotName(slot)}`];
      const [stat = '', connections = ''] = await worker.query(commands, signal);
      return Math.max(openStreams(parseStat(stat), server), usedConnections(connections, server));
    }, signal);
    return total(open.values());
  }

  async closeSessions(slot: SlotNumber, server: string | null, count: number, signal: AbortSignal): Promise<number> {
    let closed = 0;
    const workers = await this.#fleet.workers(signal);
    // Old workers have the oldest sessions.
    for (const worker of workers.toReversed()) {
      if (closed < count) closed += await closeOldest(worker, { slot, server }, count - closed, signal);
    }
    return closed;
  }

  async counters(slot: SlotNumber, signal: AbortSignal): Promise<SlotCounters> {
    return this.#counters.observe(slot, await this.#read((worker) => this.#sums(worker, slot, signal), signal));
  }

  outcomes(signal: AbortSignal): AsyncIterable<readonly RequestOutcome[]> {
    return new OutcomeFeed(this.#paths, () => this.#model.observedSlots(), signal);
  }

  canHold(): boolean {
    return this.#lua;
  }

  awaited(signal: AbortSignal): AsyncIterable<readonly string[]> {
    return followAwaited(this.#paths, signal);
  }

  async stalled(slot: SlotNumber, olderThanMs: number, signal: AbortSignal): Promise<number> {
    const stalled = await this.#read((worker) => countStalled(worker, slot, olderThanMs, signal), signal);
    return total(stalled.values());
  }

  async serverNames(slot: SlotNumber, signal: AbortSignal): Promise<readonly string[]> {
    this.#model.checkSlot(slot);
    return readServerNames(await this.#worker(signal), slot, signal);
  }

  async snapshot(signal: AbortSignal): Promise<RouterSnapshot> {
    return toSnapshot(await readLiveState(await this.#worker(signal), this.#context, signal));
  }

  async #worker(signal: AbortSignal): Promise<Worker> {
    const [worker] = await this.#fleet.workers(signal);
    if (worker === undefined) throw new CutoverError('router_unavailable', 'HAProxy has no worker');
    return worker;
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#queue.exclusive(() => stopSupervisor(this.#paths, signal));
  }

  #change(slot: SlotNumber, edit: () => void, signal: AbortSignal): Promise<void> {
    return this.#queue.submit(() => {
      this.#model.checkSlot(slot);
      edit();
    }, signal);
  }

  async #commit(): Promise<void> {
    const signal = AbortSignal.timeout(commitLimitMs);
    const changes = this.#model.takeChanges();
    const commands = commandsForChanges(changes, this.#context);
    const inStep = this.#inStep;
    const hostsOnly = inStep !== null && !this.#unsaved && changes.slots.length === 0;
    if (hostsOnly && changes.hosts.length === 0) return;
    this.#inStep = null;
    this.#inStep = await this.#saveAndTell({ commands, hostsOnly, inStep }, signal);
  }

  /**
   * Every worker has read what is saved, or was there when the master was asked after that: whoever of those was not among the ones that
   * were told, because HAProxy was restarted or reloaded, is compared with the model. Commands about hosts only may be given again, so nothing
   * depends on whether a worker has read the file before it is told. null: it is not known who is in step.
   */
  async #saveAndTell({ commands, hostsOnly, inStep }: Commit, signal: AbortSignal): Promise<Pids | null> {
    const saving = this.#disk.save(this.#model, this.#counters);
    if (!hostsOnly) await saving;
    const telling = inStep === null ? Promise.resolve(false) : this.#obeyed(commands, signal);
    const [told, saved] = await Promise.allSettled([telling, saving]);
    // Errors of the disk are errors, whatever HAProxy did.
    if (saved.status === 'rejected') throw saved.reason;
    this.#unsaved = false;
    if (inStep !== null && told.status === 'fulfilled' && told.value) {
      const there = await this.#fleet.list(signal);
      // Who was told is all that is known: the next change compares.
      if (there === null || isWithin(there, inStep)) return there;
    }
    return this.#fleet.converge(this.#model, signal);
  }

  async #obeyed(commands: readonly string[], signal: AbortSignal): Promise<boolean> {
    try {
      await this.#fleet.command(commands, signal);
      return true;
    } catch (error) {
      this.#log(`the router is compared with what it should be: ${String(error)}`);
      return false;
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    const outdated = await this.#disk.prepare(this.#model, this.#counters);
    const answered = await this.#fleet.answers(signal);
    const supervised = await supervisorRuns(this.#paths);
    if (!answered && !supervised) {
      await checkPorts(this.#options.binds);
      await checkConfig(this.#options, this.#paths, signal);
    }
    if (!supervised) await startSupervisor(this.#options, this.#paths);
    await this.#untilStarted(signal);
    await this.#fleet.list(signal);
    const behind = answered && (outdated || !(await this.#fleet.hasSlot(this.#model.capacity, signal)));
    if (behind) await this.#reload(signal);
    this.#inStep = await this.#fleet.converge(this.#model, signal);
  }

  async #untilStarted(signal: AbortSignal): Promise<void> {
    try {
      await this.#fleet.untilAnswers(signal);
    } catch (cause) {
      signal.throwIfAborted();
      const tail = await logTail(this.#paths);
      const code = tail.includes('cannot bind socket') ? 'port_in_use' : 'router_unavailable';
      throw new CutoverError(code, `HAProxy did not start; the end of its log: ${tail}`, { cause });
    }
  }

  async #grow(slots: number, signal: AbortSignal): Promise<void> {
    const before = this.#model.capacity;
    if (slots <= before) return;
    this.#model.capacity = slots;
    try {
      await this.#disk.save(this.#model, this.#counters);
      await this.#reload(signal);
    } catch (error) {
      this.#model.capacity = before;
      await this.#disk.save(this.#model, this.#counters);
      throw error;
    }
    this.#inStep = await this.#fleet.converge(this.#model, signal);
  }

  async #reload(signal: AbortSignal): Promise<void> {
    await checkConfig(this.#options, this.#paths, signal);
    await this.#fleet.reload(signal);
  }

  /** Deletes servers that are in HAProxy but no longer in the model: of one name, or (null) all of the slot. */
  async #purge(slot: SlotNumber, what: { name: string | null; force: boolean }, signal: AbortSignal): Promise<void> {
    const which = (live: string) => !this.#model.owns(slot, live) && (what.name === null || nameOf(live) === what.name);
    await this.#read((worker) => purge(worker, { slot, which, ...what }, signal), signal);
  }

  /** Asks every worker; once more when HAProxy is being restarted just now. */
  async #read<T>(question: (worker: Worker) => Promise<T>, signal: AbortSignal): Promise<Map<number, T>> {
    try {
      return await this.#fleet.ask(question, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#log(`asking the router again: ${String(error)}`);
      await this.#fleet.untilAnswers(signal);
      return this.#fleet.ask(question, signal);
    }
  }

  async #sums(worker: Worker, slot: SlotNumber, signal: AbortSignal) {
    return slotSums(await readStat(worker, slot, signal));
  }
}

function total(numbers: Iterable<number>): number {
  let sum = 0;
  for (const one of numbers) sum += one;
  return sum;
}
