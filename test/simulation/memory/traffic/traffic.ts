import type { RouteMode, RouteTarget, SlotNumber } from '../../../../src/domain/route.ts';
import type { RequestOutcome, RouterServer } from '../../../../src/engine/ports/router.ts';
import { Bell } from '../bell.ts';
import { Broadcast } from '../broadcast.ts';
import type { Endpoint, Endpoints } from '../endpoints.ts';
import type { Timers } from '../timers.ts';
import { chooseLane, chooseServer, tookTurn, type Lane } from './choice.ts';
import { outcomeOf, sampleOf, type Ended } from './outcome.ts';
import { RouterState, type Slot } from './router-state.ts';
import { Visit, type VisitRequest } from './visit.ts';

/** Of the static file server. */
export type StaticLookup = (bundle: string, spa: boolean) => Endpoint | null;

interface TrafficParts {
  readonly now: () => number;
  readonly monotonic: () => number;
  /** 0 ≤ x < 1. */
  readonly chance: () => number;
  readonly timers: Timers;
  readonly endpoints: Endpoints;
  readonly staticEndpoint: StaticLookup;
  readonly slots: number;
  /** How long a request waits for a route that is held. */
  readonly holdMs: number;
}

/** Where a request would go now. `none`: it fails, and `why` says how. */
export type Destination =
  | { readonly type: 'instance'; readonly name: string; readonly slot: SlotNumber; readonly server: string }
  | { readonly type: Exclude<RouteMode, 'serve'> }
  | { readonly type: 'none'; readonly why: 'no-router' | 'no-route' | 'no-server' | 'refused' };

/** What became of a request that took no time. `waits`: it is held, or its only instance is down. */
export interface QuickResult {
  readonly destination: Destination;
  /** null: nobody has answered it. */
  readonly status: number | null;
}

const restartMs = 100;
const tellAgainMs = 250;

/** The router's process, with the visitors that come to it. What it was told (`state`) outlives it. */
export class Traffic {
  readonly state: RouterState;
  readonly timers: Timers;
  readonly holdMs: number;
  readonly outcomes = new Broadcast<RequestOutcome>();
  /** Hosts of what sleeps, while somebody waits for it. */
  readonly awaited = new Broadcast<string>();
  readonly changed = new Bell();
  readonly #parts: TrafficParts;
  readonly #held = new Set<Visit>();
  readonly #justTold = new Set<string>();
  readonly #open = new Set<Visit>();
  #isUp = false;
  #isSupervised = false;
  #generation = 0;
  #upSince = 0;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
    this.timers = parts.timers;
    this.holdMs = parts.holdMs;
    this.state = new RouterState(parts.slots);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Somebody brings it back when it dies. */
  get isSupervised(): boolean {
    return this.#isSupervised;
  }

  /** Number of its process. */
  get generation(): number {
    return this.#generation;
  }

  get upSeconds(): number {
    return Math.floor((this.monotonic() - this.#upSince) / 1000);
  }

  monotonic(): number {
    return this.#parts.monotonic();
  }

  start(): void {
    if (this.#isUp) return;
    this.#isSupervised = true;
    this.#isUp = true;
    this.#generation += 1;
    this.#upSince = this.monotonic();
    this.changed.ring();
  }

  /** Its process dies with all that is open, and is back after so long. */
  kill(downMs = restartMs): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    for (const visit of this.#open) visit.vanish();
    if (this.#isSupervised) this.timers.after(downMs, () => this.start());
  }

  /** It dies, and nobody brings it back: `start` does. */
  stop(): void {
    this.#isSupervised = false;
    this.kill();
  }

  /** A visitor comes. */
  visit(request: VisitRequest): Visit {
    const visit = new Visit(this, request);
    this.#open.add(visit);
    if (this.#isUp) visit.enter();
    else visit.vanish();
    return visit;
  }

  /**
   * Where a request to the host would go now; nothing changes by asking. `lane`: the visitor's, 0 to 99; the last ones go to the stable
   * version, unless the candidate has everything.
   */
  answer(host: string, lane = 99): Destination {
    if (!this.#isUp) return { type: 'none', why: 'no-router' };
    const target = this.routeOf(host);
    if (target === null) return { type: 'none', why: 'no-route' };
    if (target.mode !== 'serve') return { type: target.mode };
    const slot = target.candidate !== null && lane < target.share ? target.candidate : target.stable;
    const choice = chooseServer(this.slot(slot), this.lookup, this.monotonic());
    if (choice.type !== 'server') return { type: 'none', why: choice.type === 'none' ? 'no-server' : 'refused' };
    return { type: 'instance', name: choice.endpoint.name, slot, server: choice.member.server.name };
  }

  /** Every place where a request to the host may go now. */
  answers(host: string): readonly Destination[] {
    const target = this.#isUp ? this.routeOf(host) : null;
    const { candidate, share } = target ?? { candidate: null, share: 0 };
    if (candidate === null || share === 0) return [this.answer(host)];
    return share === 100 ? [this.answer(host, 0)] : [this.answer(host), this.answer(host, 0)];
  }

  /** A request that takes no time: counted and told like any other. */
  quick(request: VisitRequest): QuickResult {
    const target = this.#isUp ? this.routeOf(request.host) : null;
    if (target?.mode !== 'serve') return { destination: this.answer(request.host), status: null };
    const lane = this.lane(target, request.cookie);
    const slot = this.slot(lane.slot);
    const choice = chooseServer(slot, this.lookup, this.monotonic());
    if (choice.type === 'none') {
      slot.requests += 1;
      slot.failed += 1;
      return { destination: { type: 'none', why: 'no-server' }, status: 503 };
    }
    tookTurn(slot, choice, this.monotonic());
    if (choice.type === 'refused') return { destination: { type: 'none', why: 'refused' }, status: null };
    const { server } = choice.member;
    const { status, headersMs } = choice.endpoint.take(request);
    slot.requests += 1;
    if (status >= 500 || headersMs === null) slot.failed += 1;
    const { told, weight } = this.toldOf(target);
    if (told) {
      this.tell(request, {
        slot: lane.slot,
        server: server.name,
        status: headersMs === null ? 504 : status,
        ending: headersMs === null ? 'no-response' : 'complete',
        headersMs,
        durationMs: headersMs ?? 0,
        refused: server.kind === 'fallback' || choice.refused.length > 0,
        weight,
      });
    }
    const destination = { type: 'instance', name: choice.endpoint.name, slot: lane.slot, server: server.name } as const;
    return { destination, status: headersMs === null ? null : status };
  }

  /** Changes where the host leads; those who wait look again. */
  route(host: string, target: RouteTarget | null): void {
    if (target === null) this.state.routes.delete(host);
    else this.state.routes.set(host, target);
    if (target?.mode === 'held') return;
    if (target?.mode === 'asleep') return this.#tellAwaited(host);
    for (const visit of this.#held) {
      if (hostOf(visit.request.host) !== host) continue;
      this.#held.delete(visit);
      visit.enter();
    }
  }

  routeOf(host: string): RouteTarget | null {
    return this.state.routes.get(hostOf(host)) ?? null;
  }

  slot(number: SlotNumber): Slot {
    return this.state.slot(number);
  }

  lane(target: RouteTarget, cookie: string | null): Lane {
    return chooseLane(target, cookie, this.#parts.chance);
  }

  readonly lookup = (server: RouterServer): Endpoint | null => {
    if (server.kind === 'static') return this.#parts.staticEndpoint(server.bundle, server.spa);
    return this.#parts.endpoints.find(server.address, server.port);
  };

  /** Whether anybody is to hear of a request, and for how many it stands. */
  toldOf(target: RouteTarget): { readonly told: boolean; readonly weight: number } {
    if (!this.outcomes.isHeard) return { told: false, weight: 1 };
    if (target.observed) return { told: true, weight: 1 };
    return { told: this.#parts.chance() < 1 / sampleOf, weight: sampleOf };
  }

  tell(request: VisitRequest, ended: Omit<Ended, 'at'>): void {
    this.outcomes.say(outcomeOf({ ...ended, at: this.#parts.now() }, request));
  }

  hold(visit: Visit): void {
    this.#held.add(visit);
    this.#tellAwaited(hostOf(visit.request.host));
  }

  #tellAwaited(host: string): void {
    if (this.#justTold.has(host) || this.routeOf(host)?.mode !== 'asleep') return;
    if (![...this.#held].some(({ request }) => hostOf(request.host) === host)) return;
    this.awaited.say(host);
    this.#justTold.add(host);
    this.timers.after(tellAgainMs, () => {
      this.#justTold.delete(host);
      this.#tellAwaited(host);
    });
  }

  forget(visit: Visit): void {
    this.#held.delete(visit);
    this.#open.delete(visit);
  }
}

/** As it stands in the map: without a port, in lower case. */
export function hostOf(header: string): string {
  const end = header.indexOf(':');
  return (end < 0 ? header : header.slice(0, end)).toLowerCase();
}
