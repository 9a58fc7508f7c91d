import { CutoverError } from '../../../../src/domain/errors.ts';
import type { HostGuard, RouteTarget, SlotNumber } from '../../../../src/domain/route.ts';
import { checkedHost, checkGuard, checkServer } from '../../../../src/drivers/router/haproxy/names.ts';
import type {
  RequestOutcome,
  Router,
  RouterInfo,
  RouterServer,
  RouterSnapshot,
  SlotCounters,
} from '../../../../src/engine/ports/router.ts';
import type { Broadcast, Channel } from '../broadcast.ts';
import type { Caller } from '../runtime/reach.ts';
import { addMember, type Slot } from './router-state.ts';
import type { Traffic } from './traffic.ts';

/** The router of the world, as one control plane reaches it. */
export class MemoryRouter implements Router {
  readonly #traffic: Traffic;
  readonly #caller: Caller;

  constructor(traffic: Traffic, caller: Caller) {
    this.#traffic = traffic;
    this.#caller = caller;
  }

  async ensureRunning(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#traffic.isSupervised) this.#traffic.start();
    await this.#reach(signal);
  }

  async ping(signal: AbortSignal): Promise<RouterInfo> {
    signal.throwIfAborted();
    if (!this.#traffic.isUp) throw unavailable();
    return { version: 'memory', uptimeSeconds: this.#traffic.upSeconds, pid: this.#traffic.generation };
  }

  capacity(): number {
    return this.#traffic.state.capacity;
  }

  async grow(slots: number, signal: AbortSignal): Promise<void> {
    const { state } = this.#told(signal);
    state.capacity = Math.max(state.capacity, slots);
    await this.#reach(signal);
  }

  async addServer(slot: SlotNumber, server: RouterServer, signal: AbortSignal): Promise<void> {
    checkServer(server);
    addMember(this.#told(signal).slot(slot), server);
    await this.#reach(signal);
  }

  drainServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void> {
    return this.#setDraining(slot, { name, draining: true }, signal);
  }

  resumeServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void> {
    return this.#setDraining(slot, { name, draining: false }, signal);
  }

  async removeServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void> {
    const found = this.#told(signal).slot(slot);
    found.members = found.members.filter(({ server }) => server.name !== name);
    close(found, { server: name, count: Infinity });
    await this.#reach(signal);
  }

  async clearSlot(slot: SlotNumber, signal: AbortSignal): Promise<void> {
    const { state } = this.#told(signal);
    const found = state.slot(slot);
    state.routes.checkUnused(slot);
    found.members = [];
    close(found, { server: null, count: Infinity });
    await this.#reach(signal);
    found.requests = 0;
    found.failed = 0;
  }

  async setRoute(hosts: readonly string[], target: RouteTarget, signal: AbortSignal, revision?: number): Promise<void> {
    if (!(target.share >= 0 && target.share <= 100)) {
      throw new CutoverError('invalid_input', `${target.share} is not a share`);
    }
    const names = hosts.map(checkedHost);
    const traffic = this.#told(signal);
    for (const slot of [target.stable, target.candidate]) if (slot !== null) traffic.slot(slot);
    const share = target.candidate === null ? 0 : Math.round(target.share);
    const rounded = Object.freeze({ ...target, share });
    for (const host of names) if (traffic.state.revisions.admit(host, revision)) traffic.route(host, rounded);
    await this.#reach(signal);
  }

  async setGuard(hosts: readonly string[], guard: HostGuard | null, signal: AbortSignal): Promise<void> {
    const names = hosts.map(checkedHost);
    if (guard !== null) checkGuard(guard);
    const { guards } = this.#told(signal).state;
    for (const host of names) {
      if (guard === null) guards.delete(host);
      else guards.set(host, guard);
    }
    await this.#reach(signal);
  }

  async removeRoute(hosts: readonly string[], signal: AbortSignal, revision?: number): Promise<void> {
    const names = hosts.map(checkedHost);
    const traffic = this.#told(signal);
    for (const host of names) {
      if (!traffic.state.revisions.admit(host, revision)) continue;
      traffic.route(host, null);
      traffic.state.guards.delete(host);
    }
    await this.#reach(signal);
  }

  async inFlight(slot: SlotNumber, server: string | null, signal: AbortSignal): Promise<number> {
    return (await this.#slot(slot, signal)).open(server);
  }

  async closeSessions(slot: SlotNumber, server: string | null, count: number, signal: AbortSignal): Promise<number> {
    return close(await this.#slot(slot, signal), { server, count });
  }

  async counters(slot: SlotNumber, signal: AbortSignal): Promise<SlotCounters> {
    const { requests, failed } = await this.#slot(slot, signal);
    return { requests, failed };
  }

  /** Ends without a word when aborted. */
  outcomes(signal: AbortSignal): AsyncIterable<readonly RequestOutcome[]> {
    return heard(this.#traffic.outcomes, signal);
  }

  canHold(): boolean {
    return true;
  }

  /** As `outcomes`. */
  awaited(signal: AbortSignal): AsyncIterable<readonly string[]> {
    return heard(this.#traffic.awaited, signal);
  }

  async stalled(slot: SlotNumber, olderThanMs: number, signal: AbortSignal): Promise<number> {
    const { streams } = await this.#slot(slot, signal);
    const before = this.#traffic.monotonic() - olderThanMs;
    let count = 0;
    for (const { owesSince } of streams) if (owesSince !== null && owesSince <= before) count += 1;
    return count;
  }

  async serverNames(slot: SlotNumber, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#slot(slot, signal)).members.map(({ server }) => server.name);
  }

  async snapshot(signal: AbortSignal): Promise<RouterSnapshot> {
    const { state } = await this.#reach(signal);
    const servers = [...state.slots()].flatMap(([slot, { members }]) =>
      members.map(({ server, draining }) => ({ slot, name: server.name, endpoint: endpointOf(server), draining })),
    );
    return { routes: new Map(state.routes), guards: new Map(state.guards), servers };
  }

  async #setDraining(
    slot: SlotNumber,
    { name, draining }: { readonly name: string; readonly draining: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const member = this.#told(signal).slot(slot).find(name);
    if (member !== undefined) member.draining = draining;
    await this.#reach(signal);
  }

  async #slot(slot: SlotNumber, signal: AbortSignal): Promise<Slot> {
    return (await this.#reach(signal)).slot(slot);
  }

  /** What is to be changed is on the router's disk first: it comes up with that, whether whoever asked still waits or not. */
  #told(signal: AbortSignal): Traffic {
    signal.throwIfAborted();
    this.#caller.life.throwIfAborted();
    return this.#traffic;
  }

  /** One that is just being restarted is waited for. */
  async #reach(signal: AbortSignal): Promise<Traffic> {
    const traffic = this.#told(signal);
    while (!traffic.isUp) {
      if (!traffic.isSupervised) throw unavailable();
      await traffic.changed.wait(signal);
      this.#caller.life.throwIfAborted();
    }
    return traffic;
  }
}

function close(slot: Slot, { server, count }: { readonly server: string | null; readonly count: number }): number {
  let closed = 0;
  for (const stream of slot.streams) {
    if (closed >= count) break;
    if (server !== null && stream.server !== server) continue;
    stream.close();
    closed += 1;
  }
  return closed;
}

function heard<T>(broadcast: Broadcast<T>, signal: AbortSignal): AsyncIterable<readonly T[]> {
  const channel = broadcast.listen();
  const end = () => {
    broadcast.leave(channel);
    channel.cut();
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return untilCut(channel);
}

async function* untilCut<T>(channel: Channel<T>): AsyncGenerator<readonly T[]> {
  for (let batch = await channel.take(); batch !== null; batch = await channel.take()) yield batch;
}

function endpointOf(server: RouterServer): string {
  return server.kind === 'static' ? `static:${server.bundle}` : `${server.address}:${server.port}`;
}

function unavailable(): CutoverError {
  return new CutoverError('router_unavailable', 'the router does not answer');
}
