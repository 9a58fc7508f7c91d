import type { LogEntry, LogLine } from '../../../engine/ports/logs.ts';
import type { Frame } from './log-channel.ts';
import { encodeLine } from './log-format.ts';

/** Lines on their way to the file. `start` is where the batch will stand in it. */
export class LogBatch {
  readonly start: number;
  #text = '';
  #bytes = 0;
  #lines = 0;
  readonly #entries: LogEntry[] = [];

  constructor(start: number) {
    this.start = start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get end(): number {
    return this.start + this.#bytes;
  }

  /** With `shown`, the line itself is kept for the followers. */
  add(line: LogLine, shown: boolean, cut = false): void {
    const text = encodeLine(line, cut);
    this.#text += text;
    this.#bytes += Buffer.byteLength(text);
    this.#lines += 1;
    if (shown) this.#entries.push({ ...line, next: this.end });
  }

  get text(): string {
    return this.#text;
  }

  /** null when a follower came in the middle of the batch: then it is read from the file. */
  frame(): Frame | null {
    return this.#entries.length === this.#lines ? { start: this.start, end: this.end, entries: this.#entries } : null;
  }
}
