import { CutoverError } from '../../../../src/domain/errors.ts';
import type { HostGuard, SlotNumber } from '../../../../src/domain/route.ts';
import { RouteRevisions, RouteTable } from '../../../../src/drivers/router/haproxy/overtaken.ts';
import type { RouterServer } from '../../../../src/engine/ports/router.ts';

/** One server of a slot. */
export interface Member {
  readonly server: RouterServer;
  draining: boolean;
  /** Of the monotonic clock: until then it is taken to be down, because it has refused a connection. */
  downUntil: number;
}

/** What is open in a slot. */
export interface OpenStream {
  /** Name of the server that has it; null: none yet. */
  readonly server: string | null;
  /** The router closes it. */
  close(): void;
  /** Its instance owes the headers since then (monotonic clock); null: it does not. */
  readonly owesSince: number | null;
}

export class Slot {
  members: Member[] = [];
  /** In the order in which they were opened. */
  readonly streams = new Set<OpenStream>();
  requests = 0;
  failed = 0;
  /** Whose turn it is. */
  turn = 0;

  find(name: string): Member | undefined {
    return this.members.find(({ server }) => server.name === name);
  }

  /** How many are open, of the slot or of one server of it. */
  open(server: string | null): number {
    if (server === null) return this.streams.size;
    let count = 0;
    for (const stream of this.streams) if (stream.server === server) count += 1;
    return count;
  }
}

/** What the router is told to be. It is on its disk: a restart of it changes nothing here. */
export class RouterState {
  capacity: number;
  readonly routes = new RouteTable();
  readonly guards = new Map<string, HostGuard>();
  readonly revisions = new RouteRevisions();
  readonly #slots = new Map<SlotNumber, Slot>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Errors: `invalid_input`. */
  slot(number: SlotNumber): Slot {
    const known = this.#slots.get(number);
    if (known !== undefined) return known;
    if (!Number.isInteger(number) || number < 1 || number > this.capacity) {
      throw new CutoverError('invalid_input', `there is no slot ${number}; there are ${this.capacity}`);
    }
    const slot = new Slot();
    this.#slots.set(number, slot);
    return slot;
  }

  /** Those that were ever used. */
  slots(): ReadonlyMap<SlotNumber, Slot> {
    return this.#slots;
  }
}

export function addMember(slot: Slot, server: RouterServer): void {
  const same = slot.find(server.name);
  if (same !== undefined && sameServer(same.server, server)) {
    same.draining = false;
    return;
  }
  slot.members = [...slot.members.filter((one) => one !== same), { server, draining: false, downUntil: 0 }];
}

function sameServer(a: RouterServer, b: RouterServer): boolean {
  if (a.kind === 'static') return b.kind === 'static' && a.bundle === b.bundle && a.spa === b.spa;
  if (b.kind === 'static' || a.address !== b.address || a.port !== b.port) return false;
  return a.kind === 'instance' ? b.kind === 'instance' && a.redundancy === b.redundancy : b.kind === 'fallback';
}
