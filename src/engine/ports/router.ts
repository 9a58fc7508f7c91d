import type { RouteTarget, SlotNumber } from '../../domain/route.ts';

/**
 * The door to the process that carries traffic. Every call is idempotent. A call resolves only when the change is in force in
 * every living process of the router and is written to disk, so that a restart of the router comes up with it.
 * Error of all: `router_unavailable`.
 */
export interface Router {
  /** Writes the configuration if there is none, and starts the router's supervisor if no router answers. Errors: `port_in_use`. */
  ensureRunning(signal: AbortSignal): Promise<void>;
  ping(signal: AbortSignal): Promise<RouterInfo>;

  /** Number of slots that exist. Slots are 1 … capacity. */
  capacity(): number;
  /** Grows the pool to at least this many slots, by a lossless reload; never shrinks. */
  grow(slots: number, signal: AbortSignal): Promise<void>;

  /** Puts a server into a slot and into rotation; a server of that name with another address is moved to the new one. */
  addServer(slot: SlotNumber, server: RouterServer, signal: AbortSignal): Promise<void>;
  /** Nothing new is sent to the server; what is in flight goes on. */
  drainServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void>;
  /** Undoes `drainServer`. */
  resumeServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void>;
  /** Out of the configuration; sessions that are still open are closed. Absent is fine. */
  removeServer(slot: SlotNumber, name: string, signal: AbortSignal): Promise<void>;
  /** Removes every server of the slot and forgets its static bundle; afterwards the slot can be given to another version. */
  clearSlot(slot: SlotNumber, signal: AbortSignal): Promise<void>;

  /** One atomic change per host. */
  setRoute(hosts: readonly string[], target: RouteTarget, signal: AbortSignal): Promise<void>;
  removeRoute(hosts: readonly string[], signal: AbortSignal): Promise<void>;

  /** What is in flight now: requests, WebSockets and streams. `server` null: the whole slot, with what has not reached a server yet. */
  inFlight(slot: SlotNumber, server: string | null, signal: AbortSignal): Promise<number>;
  /** Closes at most `count` sessions of the slot (or one server of it), oldest first; resolves to how many were closed. */
  closeSessions(slot: SlotNumber, server: string | null, count: number, signal: AbortSignal): Promise<number>;
  /** Sums since the slot was last cleared, over every process of the router. */
  counters(slot: SlotNumber, signal: AbortSignal): Promise<SlotCounters>;

  /** Everything the router has now, for reconciliation. */
  snapshot(signal: AbortSignal): Promise<RouterSnapshot>;
}

export interface RouterInfo {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly pid: number;
}

export type RouterServer =
  | {
      readonly kind: 'instance';
      /** `i<ordinal>`, unique in the slot. */
      readonly name: string;
      readonly address: string;
      readonly port: number;
      /**
       * `alone`: the only instance of the version: requests wait for its restart (rule 5.5). `one-of-many`: checked, taken out
       * when it refuses, and its requests are sent to another one.
       */
      readonly redundancy: 'alone' | 'one-of-many';
    }
  /** The static file server, for one bundle. */
  | { readonly kind: 'static'; readonly name: string; readonly bundle: string; readonly spa: boolean };

export interface SlotCounters {
  /** Requests that were given an answer or lost. */
  readonly requests: number;
  /** 5xx answers, whoever made them, and answers cut off by the server. Clients that went away are not counted. */
  readonly failed: number;
}

export interface RouterSnapshot {
  readonly routes: ReadonlyMap<string, RouteTarget>;
  readonly servers: readonly {
    readonly slot: SlotNumber;
    readonly name: string;
    /** `address:port`, or `static:<bundle>`. */
    readonly endpoint: string;
    readonly draining: boolean;
  }[];
}
