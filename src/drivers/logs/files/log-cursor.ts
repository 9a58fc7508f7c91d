import type { LogEntry } from '../../../engine/ports/logs.ts';

/** Hands out parts entry by entry. Not a generator: delegating costs several promises per line, and a hundred viewers feel it. */
export class LogCursor implements AsyncIterator<LogEntry, void> {
  readonly #parts: AsyncGenerator<readonly LogEntry[], void, undefined>;
  readonly #signal: AbortSignal;
  #part: readonly LogEntry[] = [];
  #index = 0;

  constructor(parts: AsyncGenerator<readonly LogEntry[], void, undefined>, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  next(): Promise<IteratorResult<LogEntry, void>> {
    const value = this.#part[this.#index];
    if (value === undefined || this.#signal.aborted) return this.#nextPart();
    this.#index += 1;
    return Promise.resolve({ value, done: false });
  }

  async return(): Promise<IteratorResult<LogEntry, void>> {
    this.#part = [];
    await this.#parts.return();
    return { value: undefined, done: true };
  }

  async #nextPart(): Promise<IteratorResult<LogEntry, void>> {
    if (this.#signal.aborted) {
      await this.return();
      throw this.#signal.reason;
    }
    const next = await this.#parts.next();
    if (next.done === true) return { value: undefined, done: true };
    this.#part = next.value;
    this.#index = 0;
    return this.next();
  }
}
