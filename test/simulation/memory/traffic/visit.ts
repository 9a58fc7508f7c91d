import type { RequestEnding } from '../../../../src/engine/ports/router.ts';
import type { SlotNumber } from '../../../../src/domain/route.ts';
import { laneCookie } from '../../../../src/drivers/router/haproxy/lane-cookie.ts';
import type { AppAnswer, AppRequest, Connection, Endpoint } from '../endpoints.ts';
import type { Timer } from '../timers.ts';
import { chooseServer, tookTurn } from './choice.ts';
import type { Member, OpenStream, Slot } from './router-state.ts';
import type { Page } from './pages.ts';
import { pages } from './pages.ts';
import type { Traffic } from './traffic.ts';

/** What a visitor sends. */
export interface VisitRequest extends AppRequest {
  /** The platform's own; null: he carries none. */
  readonly cookie: string | null;
  /** He is not done sending it: `Visit.finishUpload` says when. */
  readonly uploading: boolean;
}

export interface VisitAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Name of the app that answered; null: the router did. */
  readonly by: string | null;
}

const triesOfOne = 12;
const tryPauseMs = 1_000;
const serverTimeoutMs = 60_000;
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

type Phase = 'held' | 'connecting' | 'uploading' | 'waiting' | 'answering' | 'over';

/** One request on its way through the router, from its arrival to its end. */
export class Visit implements OpenStream, Connection {
  readonly request: VisitRequest;
  /** Once the headers are there; rejects where the connection is lost before. */
  readonly headers: Promise<VisitAnswer>;
  /** Once all of the answer is there; rejects where the connection is lost before. */
  readonly answer: Promise<VisitAnswer>;
  server: string | null = null;
  owesSince: number | null = null;
  readonly #traffic: Traffic;
  readonly #began: number;
  readonly #headers = Promise.withResolvers<VisitAnswer>();
  readonly #answer = Promise.withResolvers<VisitAnswer>();
  #phase: Phase = 'held';
  #timer: Timer | null = null;
  #slotNumber: SlotNumber = 0;
  #slot: Slot | null = null;
  #endpoint: Endpoint | null = null;
  #newCookie: string | null = null;
  #weight = 1;
  #isTold = false;
  #tries = 0;
  #refused = false;
  #hasLeft = false;
  #given: VisitAnswer | null = null;
  #headersMs: number | null = null;

  constructor(traffic: Traffic, request: VisitRequest) {
    this.#traffic = traffic;
    this.request = request;
    this.#began = traffic.monotonic();
    this.headers = this.#headers.promise;
    this.answer = this.#answer.promise;
    // Whoever does not look at them has lost nothing.
    this.headers.catch(() => undefined);
    this.answer.catch(() => undefined);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Name of the app that it is connected to. */
  get app(): string | null {
    return this.#endpoint?.name ?? null;
  }

  /** The route decides; called again when it is no longer held. */
  enter(): void {
    const target = this.#traffic.routeOf(this.request.host);
    this.#timer?.cancel();
    if (target === null) return this.#answerWith(pages.nobody, null);
    const { told, weight } = this.#traffic.toldOf(target);
    this.#isTold = told;
    this.#weight = weight;
    this.#slotNumber = target.stable;
    if (target.mode === 'paused') return this.#answerWith(pages.paused, 'denied');
    if (target.mode === 'unwoken') return this.#answerWith(pages.unwoken, 'denied');
    if (target.mode !== 'serve') return this.#wait(target.mode === 'asleep' ? pages.asleep : pages.unavailable);
    const lane = this.#traffic.lane(target, this.request.cookie);
    this.#slotNumber = lane.slot;
    this.#newCookie = lane.newCookie;
    this.#slot = this.#traffic.slot(lane.slot);
    this.#slot.streams.add(this);
    this.#connect();
  }

  /** What was uploaded slowly is now there. */
  finishUpload(): void {
    if (this.#phase === 'uploading') this.#ask();
  }

  /** The visitor goes. While the app works on its answer nobody looks whether he is still there. */
  leave(): void {
    this.#hasLeft = true;
    if (this.#phase === 'held' || this.#phase === 'uploading' || this.#phase === 'answering') this.#lose('client-gone');
  }

  /** The router closes it, or its process has died. */
  close(): void {
    if (this.#phase === 'over') return;
    if (this.#given?.status === 101) return this.#lose('complete');
    if (this.#given === null) this.#count(true);
    else this.#count(false);
    this.#end('denied', this.#given?.status ?? 503);
  }

  /** The router's process has died: nobody counts it, and nobody tells of it. */
  vanish(): void {
    if (this.#phase === 'over') return;
    this.#isTold = false;
    this.#end('denied', null);
  }

  /** The app has gone away. */
  lost(): void {
    this.#endpoint = null;
    if (this.#phase === 'answering') return this.#given?.status === 101 ? this.#lose('complete') : this.#cut();
    if (this.#phase !== 'waiting' && this.#phase !== 'uploading') return;
    this.#tries += 1;
    if (!repeatable.has(this.request.method) || this.#tries > triesOfOne) return this.#noResponse();
    this.#refused = true;
    if (this.#tries === 1) this.#connect();
    else this.#later(tryPauseMs, () => this.#connect());
  }

  #wait(inTheEnd: Page): void {
    this.#phase = 'held';
    const heldUntil = this.#began + this.#traffic.holdMs;
    this.#traffic.hold(this);
    this.#later(heldUntil - this.#traffic.monotonic(), () => this.#answerWith(inTheEnd, 'denied'));
  }

  #connect(): void {
    this.#phase = 'connecting';
    this.server = null;
    this.owesSince = null;
    const slot = this.#slot;
    if (slot === null) return;
    const choice = chooseServer(slot, this.#traffic.lookup, this.#traffic.monotonic());
    if (choice.type === 'none') return this.#answerWith(pages.unavailable, 'refused');
    tookTurn(slot, choice, this.#traffic.monotonic());
    if (choice.refused.length > 0) this.#refused = true;
    if (choice.type === 'refused') return this.#tryAgain();
    this.#join(choice.member, choice.endpoint);
  }

  #tryAgain(): void {
    this.#tries += 1;
    if (this.#tries > triesOfOne) return this.#answerWith(pages.unavailable, 'refused');
    this.#later(tryPauseMs, () => this.#connect());
  }

  #join({ server }: Member, endpoint: Endpoint): void {
    this.server = server.name;
    if (server.kind === 'fallback') this.#refused = true;
    this.#endpoint = endpoint;
    endpoint.connections.add(this);
    if (this.request.uploading) this.#phase = 'uploading';
    else this.#ask();
  }

  #ask(): void {
    const endpoint = this.#endpoint;
    if (endpoint === null) return;
    this.#phase = 'waiting';
    const isFallback = this.#slot?.find(this.server ?? '')?.server.kind === 'fallback';
    if (!isFallback) this.owesSince = this.#traffic.monotonic();
    const given = endpoint.take(this.request);
    if (given.closes === 'before-headers') return this.lost();
    const headersMs = given.headersMs ?? Infinity;
    if (headersMs === 0) this.#giveHeaders(given);
    else if (headersMs < serverTimeoutMs) this.#later(headersMs, () => this.#giveHeaders(given));
    else this.#later(serverTimeoutMs, () => this.#noAnswer(pages.timeout));
  }

  #giveHeaders(given: AppAnswer): void {
    this.#phase = 'answering';
    this.owesSince = null;
    this.#headersMs = this.#traffic.monotonic() - this.#began;
    this.#given = {
      status: given.status,
      headers: { 'content-type': given.contentType, ...this.#setCookie(given.contentType) },
      body: given.body,
      by: this.#endpoint?.name ?? null,
    };
    this.#headers.resolve(this.#given);
    const { bodyMs } = given;
    if (bodyMs === null) {
      if (this.#hasLeft) this.#lose('client-gone');
    } else if (given.closes === 'in-body') this.#later(bodyMs, () => this.#cut());
    else if (bodyMs === 0) this.#complete();
    else this.#later(bodyMs, () => this.#complete());
  }

  #setCookie(contentType: string): Record<string, string> {
    if (this.#newCookie === null || !contentType.startsWith('text/html')) return {};
    return { 'set-cookie': `${laneCookie}=${this.#newCookie}; Path=/; HttpOnly; SameSite=Lax` };
  }

  #complete(): void {
    const given = this.#given;
    if (given === null) return;
    this.#count(given.status >= 500);
    this.#answer.resolve(given);
    this.#end('complete', given.status);
  }

  #cut(): void {
    this.#count(true);
    this.#end('cut-by-server', this.#given?.status ?? null);
  }

  #lose(ending: 'client-gone' | 'complete'): void {
    this.#count(false);
    this.#end(ending, this.#given?.status ?? null);
  }

  #noResponse(): void {
    this.#noAnswer(pages.badGateway);
  }

  #noAnswer(page: Page): void {
    this.#answerWith(page, 'no-response');
  }

  /** In the place of the app. */
  #answerWith(page: Page, ending: RequestEnding | null): void {
    const answer: VisitAnswer = { ...page, by: null };
    this.#headers.resolve(answer);
    this.#answer.resolve(answer);
    if (ending === null) this.#isTold = false;
    this.#headersMs = null;
    this.#count(true);
    this.#end(ending ?? 'denied', page.status);
  }

  /** Only what was given to a slot. */
  #count(hasFailed: boolean): void {
    if (this.#slot === null) return;
    this.#slot.requests += 1;
    if (hasFailed) this.#slot.failed += 1;
  }

  #end(ending: RequestEnding, status: number | null): void {
    this.#phase = 'over';
    this.#timer?.cancel();
    this.#slot?.streams.delete(this);
    this.#endpoint?.connections.delete(this);
    this.#traffic.forget(this);
    const gone = new Error(`the connection was lost: ${ending}`);
    this.#headers.reject(gone);
    this.#answer.reject(gone);
    if (!this.#isTold) return;
    const { request } = this;
    const durationMs = this.#traffic.monotonic() - this.#began;
    this.#traffic.tell(request, {
      slot: this.#slotNumber,
      server: this.server,
      status,
      ending,
      headersMs: this.#headersMs,
      durationMs,
      refused: this.#refused,
      weight: this.#weight,
    });
  }

  #later(ms: number, work: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#traffic.timers.after(Math.max(0, ms), () => {
      if (this.#phase !== 'over') work();
    });
  }
}
