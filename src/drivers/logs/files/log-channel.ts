import type { LogEntry } from '../../../engine/ports/logs.ts';

/** What the last write added, shared by every follower that is up to date. Bytes `start` … `end` of the file. */
export interface Frame {
  readonly start: number;
  readonly end: number;
  readonly entries: readonly LogEntry[];
}

export interface OpenWriter {
  /** Bytes that readers may read: whole lines that are in the file. */
  readonly size: number;
  /** null until something was written while somebody followed. */
  readonly frame: Frame | null;
  /** Everything taken so far is in the file (not necessarily on the disk). */
  drain(): Promise<void>;
}

/** Where the writer of one log and its followers meet. Holds no lines but one frame. */
export class LogChannel {
  writer: OpenWriter | null = null;
  #waiting = new Set<() => void>();
  #followers = 0;
  #version = 0;

  /** Grows with everything a follower may have to look at. */
  get version(): number {
    return this.#version;
  }

  get followed(): boolean {
    return this.#followers > 0;
  }

  get unused(): boolean {
    return this.writer === null && this.#followers === 0;
  }

  changed(): void {
    this.#version += 1;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  follow(): Disposable & { readonly channel: LogChannel } {
    this.#followers += 1;
    return { channel: this, [Symbol.dispose]: () => void (this.#followers -= 1) };
  }

  /** Resolves when the version is another one; rejects with the signal's reason. */
  async changeSince(version: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (version !== this.#version) return;
    const change = Promise.withResolvers<void>();
    const wake = () => change.resolve();
    const abort = () => change.reject(signal.reason);
    this.#waiting.add(wake);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await change.promise;
    } finally {
      this.#waiting.delete(wake);
      signal.removeEventListener('abort', abort);
    }
  }
}
