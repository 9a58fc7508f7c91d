import type { RouterServer } from '../../../engine/ports/router.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { sameGuard, sameRoute, type HostGuard, type RouteTarget, type SlotNumber } from '../../../domain/route.ts';
import { liveName } from './names.ts';
import { RouteRevisions, RouteTable } from './overtaken.ts';

export interface ServerRecord {
  readonly server: RouterServer;
  /** Unique for ever in this router. */
  readonly generation: number;
  readonly draining: boolean;
}

export type SlotRecord = readonly ServerRecord[];

/** What there is for a host. */
export interface HostRecord {
  readonly target: RouteTarget | null;
  readonly guard: HostGuard | null;
}

export interface Changes {
  readonly slots: readonly { readonly slot: SlotNumber; readonly from: SlotRecord; readonly to: SlotRecord }[];
  readonly hosts: readonly { readonly host: string; readonly from: HostRecord; readonly to: HostRecord }[];
}

/** What the router should be: slots with their servers, and a target per host. Remembers what was changed since the last `takeChanges`. */
export class RouterModel {
  capacity: number;
  nextGeneration = 1;
  readonly slots = new Map<SlotNumber, SlotRecord>();
  readonly routes = new RouteTable();
  readonly #slotsBefore = new Map<SlotNumber, SlotRecord>();
  readonly guards = new Map<string, HostGuard>();
  readonly #hostsBefore = new Map<string, HostRecord>();
  readonly #revisions = new RouteRevisions();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  servers(slot: SlotNumber): SlotRecord {
    return this.slots.get(slot) ?? [];
  }

  addServer(slot: SlotNumber, server: RouterServer): void {
    const existing = this.servers(slot);
    const same = existing.find((one) => one.server.name === server.name);
    if (same !== undefined && sameServer(same.server, server)) return this.setDraining(slot, server.name, false);
    const record = { server, generation: this.nextGeneration, draining: false };
    this.nextGeneration += 1;
    this.#setSlot(slot, [...existing.filter((one) => one !== same), record]);
  }

  /** A server that does not exist is left so. */
  setDraining(slot: SlotNumber, name: string, draining: boolean): void {
    const existing = this.servers(slot);
    if (!existing.some((one) => one.server.name === name && one.draining !== draining)) return;
    this.#setSlot(
      slot,
      existing.map((one) => (one.server.name === name ? { ...one, draining } : one)),
    );
  }

  removeServer(slot: SlotNumber, name: string): void {
    const existing = this.servers(slot);
    const remaining = existing.filter((one) => one.server.name !== name);
    if (remaining.length < existing.length) this.#setSlot(slot, remaining);
  }

  /** Errors: `slot_in_use`. */
  clearSlot(slot: SlotNumber): void {
    this.routes.checkUnused(slot);
    if (this.servers(slot).length > 0) this.#setSlot(slot, []);
  }

  /** Nothing where the host has been told something newer. */
  setRoute(host: string, target: RouteTarget | null, revision?: number): void {
    if (!this.#revisions.admit(host, revision)) return;
    this.#noteHost(host);
    if (target !== null) return void this.routes.set(host, target);
    this.routes.delete(host);
    this.guards.delete(host);
  }

  setGuard(host: string, guard: HostGuard | null): void {
    this.#noteHost(host);
    if (guard === null) this.guards.delete(host);
    else this.guards.set(host, guard);
  }

  host(host: string): HostRecord {
    return { target: this.routes.get(host) ?? null, guard: this.guards.get(host) ?? null };
  }

  observedSlots(): Set<SlotNumber> {
    const observed = [...this.routes.values()].filter((target) => target.observed);
    return new Set(observed.flatMap(({ stable, candidate }) => (candidate === null ? [stable] : [stable, candidate])));
  }

  takeChanges(): Changes {
    const slots = [...this.#slotsBefore].map(([slot, from]) => ({ slot, from, to: this.servers(slot) }));
    const hosts = [...this.#hostsBefore].map(([host, from]) => ({ host, from, to: this.host(host) }));
    this.#slotsBefore.clear();
    this.#hostsBefore.clear();
    return { slots, hosts: hosts.filter(({ from, to }) => !sameHost(from, to)) };
  }

  checkSlot(slot: SlotNumber): void {
    if (Number.isInteger(slot) && slot >= 1 && slot <= this.capacity) return;
    throw new CutoverError('invalid_input', `there is no slot ${slot}; there are ${this.capacity}`);
  }

  /** True if HAProxy's server of that name belongs to the slot. */
  owns(slot: SlotNumber, live: string): boolean {
    return this.servers(slot).some((one) => liveName(one.server, one.generation) === live);
  }

  #noteHost(host: string): void {
    if (!this.#hostsBefore.has(host)) this.#hostsBefore.set(host, this.host(host));
  }

  #setSlot(slot: SlotNumber, record: SlotRecord): void {
    if (!this.#slotsBefore.has(slot)) this.#slotsBefore.set(slot, this.servers(slot));
    if (record.length === 0) this.slots.delete(slot);
    else this.slots.set(slot, record);
  }
}

function sameHost(a: HostRecord, b: HostRecord): boolean {
  return sameRoute(a.target, b.target) && sameGuard(a.guard, b.guard);
}

function sameServer(a: RouterServer, b: RouterServer): boolean {
  if (a.kind === 'static') return b.kind === 'static' && a.bundle === b.bundle && a.spa === b.spa;
  if (b.kind === 'static' || a.address !== b.address || a.port !== b.port) return false;
  return a.kind === 'instance' ? b.kind === 'instance' && a.redundancy === b.redundancy : b.kind === 'fallback';
}
