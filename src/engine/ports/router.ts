import type { HostGuard, RouteTarget, SlotNumber } from '../../domain/route.ts';

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
  /**
   * Removes every server of the slot and forgets its static bundle; afterwards the slot can be given to another version. Errors:
   * `slot_in_use` while a host is served by it, for whoever asks so has been overtaken.
   */
  clearSlot(slot: SlotNumber, signal: AbortSignal): Promise<void>;

  /**
   * One atomic change per host. `revision`: a host that was told a higher one stays as it is; without one it is always changed. Not
   * remembered across a restart of the control plane, as what is late does not outlive it either.
   */
  setRoute(hosts: readonly string[], target: RouteTarget, signal: AbortSignal, revision?: number): Promise<void>;
  /**
   * What visitors of these hosts are asked for and told, from now on and with every route; null: nothing. Where it is so already, nothing is
   * done. A host whose route is removed loses it. Error: `invalid_input`.
   */
  setGuard(hosts: readonly string[], guard: HostGuard | null, signal: AbortSignal): Promise<void>;
  /** `revision` as with `setRoute`: a host that was given a route later keeps it. */
  removeRoute(hosts: readonly string[], signal: AbortSignal, revision?: number): Promise<void>;

  /** What is in flight now: requests, WebSockets and streams. `server` null: the whole slot, with what has not reached a server yet. */
  inFlight(slot: SlotNumber, server: string | null, signal: AbortSignal): Promise<number>;
  /** Closes at most `count` sessions of the slot (or one server of it), oldest first; resolves to how many were closed. */
  closeSessions(slot: SlotNumber, server: string | null, count: number, signal: AbortSignal): Promise<number>;
  /** Sums since the slot was last cleared, over every process of the router. */
  counters(slot: SlotNumber, signal: AbortSignal): Promise<SlotCounters>;
  /**
   * How requests ended, in the order in which the router told it, in batches: every one of hosts that are `observed`, and a sample of
   * the others. Goes on until aborted, across restarts and reloads of the router and of the caller; what was missed meanwhile is
   * missed. Only what ended after the call.
   */
  outcomes(signal: AbortSignal): AsyncIterable<readonly RequestOutcome[]>;
  /** False: where a route is `held` or `asleep`, requests are answered at once instead of waiting, and nobody is told of them. */
  canHold(): boolean;
  /**
   * Hosts whose route is `asleep` and that a request waits for, each told again every quarter of a second as long as one does. Goes on until
   * aborted, across restarts and reloads of the router; what is told while nobody listens is not told later.
   */
  awaited(signal: AbortSignal): AsyncIterable<readonly string[]>;
  /** Requests of the slot whose instance has given no response headers for longer than `olderThanMs`. */
  stalled(slot: SlotNumber, olderThanMs: number, signal: AbortSignal): Promise<number>;

  /** Of the servers that a slot has now, drained ones too; whatever all the other slots have. */
  serverNames(slot: SlotNumber, signal: AbortSignal): Promise<readonly string[]>;

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
       * when it refuses, and its requests are sent to another one. `guarded`: there are `fallback` servers, which get what it refuses.
       */
      readonly redundancy: 'alone' | 'one-of-many' | 'guarded';
    }
  /** Gets only what the slot's own instances refused to take a connection for; for that they must be `guarded`. */
  | { readonly kind: 'fallback'; readonly name: string; readonly address: string; readonly port: number }
  /** The static file server, for one bundle. */
  | { readonly kind: 'static'; readonly name: string; readonly bundle: string; readonly spa: boolean };

export interface SlotCounters {
  /** Requests that were given an answer or lost. */
  readonly requests: number;
  /** 5xx answers, whoever made them, and answers cut off by the server. Clients that went away are not counted. */
  readonly failed: number;
}

/** How one request ended. Times in milliseconds. */
export interface RequestOutcome {
  /** Epoch ms at which it ended. */
  readonly at: number;
  /** The version it was assigned to. */
  readonly slot: SlotNumber;
  /** Name of the server that answered; null when none did. */
  readonly server: string | null;
  /** null: no answer. */
  readonly status: number | null;
  readonly ending: RequestEnding;
  readonly method: string;
  /** Without the query, at most 256 characters. */
  readonly path: string;
  /** Opaque; the same for all requests of a visitor who carries the platform's cookie; null without one. */
  readonly client: string | null;
  /** From the request's arrival to the response headers; null when there were none. */
  readonly headersMs: number | null;
  /** From the request's arrival to its end. */
  readonly durationMs: number;
  /** An instance refused the connection; the request was then answered by another one, or by a fallback. */
  readonly refused: boolean;
  readonly upgrade: boolean;
  /** How many requests this one stands for: 1 where the host is observed, more where only a sample is told. */
  readonly weight: number;
}

/** `refused` and `no-response`: the router answered in the app's place. */
export type RequestEnding = 'complete' | 'cut-by-server' | 'client-gone' | 'refused' | 'no-response' | 'denied';

export interface RouterSnapshot {
  readonly routes: ReadonlyMap<string, RouteTarget>;
  readonly guards: ReadonlyMap<string, HostGuard>;
  readonly servers: readonly {
    readonly slot: SlotNumber;
    readonly name: string;
    /** `address:port`, or `static:<bundle>`. */
    readonly endpoint: string;
    readonly draining: boolean;
  }[];
}
