import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import type { SlotNumber } from '../../../domain/route.ts';
import type { RequestOutcome } from '../../../engine/ports/router.ts';
import { LostRequests } from './lost-requests.ts';
import type { RouterPaths } from './options.ts';
import { parseOutcome, ringName } from './outcome-line.ts';
import { readTail } from './outcome-tail.ts';
import { frontEndConnections, parseStat } from './stats.ts';
import { addressedWorker, currentWorker, readInfo, type Worker } from './workers.ts';

const lookAgainMs = 500;
const retryMs = 100;
/** More than that are left in HAProxy's memory until these are taken. */
const mostPending = 50_000;

/**
 * The lines of all workers, from the moment it is made. A worker that starts later is read from its own beginning, so that nothing is
 * lost around a reload or a restart. An old worker can be read only on a connection that it accepted before it was old; that
 * connection would also keep it alive, so it ends with the last visitor's.
 */
export class OutcomeFeed implements AsyncIterable<readonly RequestOutcome[]> {
  readonly #paths: RouterPaths;
  readonly #since = Date.now();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #news = new EventTarget();
  readonly #tails = new Map<number, { readonly end: AbortController; idle: boolean }>();
  readonly #known = new Set<number>();
  #pending: RequestOutcome[] = [];
  #running: Promise<void>;

  readonly #observed: () => Iterable<SlotNumber>;
  readonly #lost = new LostRequests();

  /** `observed`: the slots whose hosts are observed now. */
  constructor(paths: RouterPaths, observed: () => Iterable<SlotNumber>, signal: AbortSignal) {
    this.#paths = paths;
    this.#observed = observed;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#running = this.#run();
    // Whoever iterates gets the error.
    this.#running.catch(() => this.#tell());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly RequestOutcome[], void> {
    try {
      while (!this.#signal.aborted) {
        if (this.#pending.length === 0) await Promise.race([once(this.#news, 'news'), this.#running]);
        const batch = this.#pending;
        this.#pending = [];
        if (batch.length > 0) yield batch;
      }
    } finally {
      this.#stop.abort();
    }
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted) {
      const pid = await this.#currentWorker();
      if (pid !== null && !this.#tails.has(pid)) this.#follow(pid);
      if (pid !== null) await this.#lookAround(pid);
      await sleep(pid === null || !this.#tails.has(pid) ? retryMs : lookAgainMs, undefined, {
        signal: this.#signal,
      }).catch(ignoreAbort);
    }
    this.#tell();
  }

  #follow(pid: number): void {
    const tail = { end: new AbortController(), idle: false };
    this.#tails.set(pid, tail);
    const signal = AbortSignal.any([this.#signal, tail.end.signal]);
    const fromStart = !this.#known.has(pid);
    const ring = { name: ringName, pid, fromStart };
    void readTail(this.#paths.socket, ring, (lines) => this.#take(pid, lines), signal).finally(() =>
      this.#tails.delete(pid),
    );
  }

  /** Resolves when there is room for more. */
  async #take(pid: number, lines: readonly string[]): Promise<void> {
    this.#known.add(pid);
    for (const line of lines) {
      const outcome = parseOutcome(line);
      if (outcome !== null && outcome.at >= this.#since) this.#pending.push(outcome);
    }
    if (this.#pending.length > 0) this.#tell();
    while (this.#pending.length > mostPending && !this.#signal.aborted) await sleep(retryMs);
  }

  async #lookAround(current: number): Promise<void> {
    await this.#takeLost(currentWorker(this.#paths, current));
    for (const pid of this.#tails.keys()) if (pid !== current) await this.#takeLost(addressedWorker(this.#paths, pid));
    await this.#leaveOld(current);
  }

  async #takeLost(worker: Worker): Promise<void> {
    const lost = await this.#unlessUnavailable(() => this.#lost.look(worker, this.#observed(), this.#signal));
    if (lost === null || lost.length === 0) return;
    this.#pending.push(...lost);
    this.#tell();
  }

  /** Ends what reads an old worker that had no visitor's connection twice in a row. */
  async #leaveOld(current: number): Promise<void> {
    for (const [pid, tail] of this.#tails) {
      if (pid === current) continue;
      const connections = await this.#connections(pid);
      if (connections === 0 && tail.idle) tail.end.abort();
      tail.idle = connections === 0;
    }
  }

  async #connections(pid: number): Promise<number | null> {
    return this.#unlessUnavailable(async () => {
      const [text = ''] = await addressedWorker(this.#paths, pid).query(['show stat web 1 -1'], this.#signal);
      return frontEndConnections(parseStat(text));
    });
  }

  async #currentWorker(): Promise<number | null> {
    return this.#unlessUnavailable(async () => (await readInfo(this.#paths, this.#signal)).pid);
  }

  async #unlessUnavailable<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (this.#signal.aborted || error instanceof CutoverError) return null;
      throw error;
    }
  }

  #tell(): void {
    this.#news.dispatchEvent(new Event('news'));
  }
}

function ignoreAbort(): void {
  // The loop looks at the signal itself.
}
