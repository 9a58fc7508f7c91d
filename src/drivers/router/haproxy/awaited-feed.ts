import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import { awaitedRing, parseAwaited } from './awaited-line.ts';
import type { RouterPaths } from './options.ts';
import { readTail } from './outcome-tail.ts';
import { readInfo } from './workers.ts';

/** So soon after a reload or a restart the worker that takes visitors then is listened to. */
const lookMs = 3_000;
const retryMs = 100;

/** What the worker that takes visitors tells. Whoever waits in one of before was told of when he came. */
export async function* followAwaited(
  paths: RouterPaths,
  aborted: AbortSignal,
): AsyncGenerator<readonly string[], void, undefined> {
  using listening = new Listening(paths, aborted);
  while (!aborted.aborted) {
    const hosts = await listening.take();
    if (hosts.length > 0) yield hosts;
  }
}

class Listening implements Disposable {
  readonly #paths: RouterPaths;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #hosts = new Set<string>();
  #news = Promise.withResolvers<void>();
  /** It listens no more, and this is why. */
  #failure: { readonly error: unknown } | null = null;

  constructor(paths: RouterPaths, aborted: AbortSignal) {
    this.#paths = paths;
    this.#signal = AbortSignal.any([aborted, this.#end.signal]);
    this.#signal.addEventListener('abort', () => this.#news.resolve(), { once: true });
    this.#run().catch((error: unknown) => {
      this.#failure = { error };
      this.#news.resolve();
    });
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  /** Waits for the next ones; none when it has ended. */
  async take(): Promise<readonly string[]> {
    if (!this.#signal.aborted) await this.#news.promise;
    if (this.#failure !== null) throw this.#failure.error;
    const hosts = [...this.#hosts];
    this.#hosts.clear();
    if (!this.#signal.aborted) this.#news = Promise.withResolvers();
    return hosts;
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted) {
      const pid = await this.#worker();
      if (pid !== null) await this.#follow(pid);
      await pause(retryMs, this.#signal);
    }
  }

  /** Until the worker takes no visitors any more: the connection would keep it alive. */
  async #follow(pid: number): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#signal, over.signal]);
    const ring = { name: awaitedRing, pid, fromStart: false };
    const reading = readTail(this.#paths.socket, ring, (lines) => this.#hear(lines), signal).finally(() =>
      over.abort(),
    );
    while (!signal.aborted) {
      await pause(lookMs, signal);
      const now = await this.#worker();
      if (now !== null && now !== pid) over.abort();
    }
    await reading;
  }

  #hear(lines: readonly string[]): Promise<void> {
    for (const host of lines.map(parseAwaited)) if (host !== null) this.#hosts.add(host);
    if (this.#hosts.size > 0) this.#news.resolve();
    return Promise.resolve();
  }

  /** null while HAProxy does not answer. */
  async #worker(): Promise<number | null> {
    try {
      return (await readInfo(this.#paths, this.#signal)).pid;
    } catch (error) {
      if (this.#signal.aborted || error instanceof CutoverError) return null;
      throw error;
    }
  }
}

/** The callers look at the signal themselves. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
