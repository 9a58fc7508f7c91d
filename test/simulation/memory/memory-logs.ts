import { CutoverError } from '../../../src/domain/errors.ts';
import { cleanLine, splitLine } from '../../../src/drivers/logs/files/clean-line.ts';
import { logDirectory } from '../../../src/drivers/logs/files/log-names.ts';
import type { LogEntry, LogLine, Logs, LogWriter, Masker } from '../../../src/engine/ports/logs.ts';
import { Bell } from './bell.ts';
import type { Caller } from './runtime/reach.ts';

/** One log as it is on the disk of the world. */
export interface LogFile {
  readonly entries: LogEntry[];
  /** It was closed as it should be: nothing more comes by itself. */
  isClosed: boolean;
  readonly changed: Bell;
}

export type LogFiles = Map<string, LogFile>;

/** The logs of the world, as one control plane reaches them. Every line is on the disk as soon as it is taken. */
export class MemoryLogs implements Logs {
  readonly #files: LogFiles;
  readonly #life: AbortSignal;
  readonly #open = new Set<string>();

  constructor(files: LogFiles, { life }: Pick<Caller, 'life'>) {
    this.#files = files;
    this.#life = life;
  }

  async open(name: string, mask: Masker): Promise<LogWriter> {
    this.#life.throwIfAborted();
    const key = checked(name);
    if (this.#open.has(key)) throw new CutoverError('internal', `The log ${name} is open already.`);
    this.#open.add(key);
    const file = this.#file(key);
    file.isClosed = false;
    return new MemoryLogWriter({ name, file, mask, life: this.#life, onClose: () => this.#open.delete(key) });
  }

  async *read(
    name: string,
    { offset, follow }: { readonly offset: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<LogEntry> {
    signal.throwIfAborted();
    const file = this.#file(checked(name));
    let next = offset === 0 ? 0 : file.entries.findIndex((entry) => startOf(entry) >= offset);
    if (next < 0) next = offset > endOf(file) ? Infinity : file.entries.length;
    const ring = () => file.changed.ring();
    signal.addEventListener('abort', ring, { once: true });
    try {
      for (;;) {
        for (let entry = file.entries[next]; entry !== undefined; entry = file.entries[next]) {
          next += 1;
          yield entry;
          signal.throwIfAborted();
        }
        if (!follow || file.isClosed) return;
        await file.changed.next();
        signal.throwIfAborted();
      }
    } finally {
      signal.removeEventListener('abort', ring);
    }
  }

  async tail(name: string, count: number): Promise<readonly LogLine[]> {
    const entries = this.#files.get(checked(name))?.entries ?? [];
    return count === 0 ? [] : entries.slice(-count).map(({ next: _next, ...line }) => line);
  }

  async remove(prefix: string): Promise<void> {
    const whole = checked(prefix);
    for (const [name, file] of this.#files) {
      if (name !== whole && !name.startsWith(`${whole}/`)) continue;
      this.#files.delete(name);
      file.isClosed = true;
      file.changed.ring();
    }
  }

  #file(key: string): LogFile {
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const file: LogFile = { entries: [], isClosed: false, changed: new Bell() };
    this.#files.set(key, file);
    return file;
  }
}

interface WriterParts {
  readonly name: string;
  readonly file: LogFile;
  readonly mask: Masker;
  readonly life: AbortSignal;
  readonly onClose: () => void;
}

class MemoryLogWriter implements LogWriter {
  readonly #parts: WriterParts;
  #isClosed = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  async write({ position, ...line }: LogLine): Promise<void> {
    const { name, file, mask, life } = this.#parts;
    life.throwIfAborted();
    if (this.#isClosed) throw new CutoverError('internal', `The log ${name} is closed.`);
    const parts = line.text.includes('\n')
      ? line.text.split('\n').flatMap((text) => piecesOf(text, mask))
      : piecesOf(line.text, mask);
    const last = parts.length - 1;
    for (let index = 0; index <= last; index += 1) {
      const text = parts[index] ?? '';
      const place = index === last && position !== undefined ? { position } : null;
      file.entries.push(Object.freeze({ ...line, text, ...place, next: endOf(file) + text.length + 1 }));
    }
    file.changed.ring();
  }

  lastPosition(): string | null {
    return this.#parts.file.entries.findLast(({ position }) => position !== undefined)?.position ?? null;
  }

  async flush(): Promise<void> {
    this.#parts.life.throwIfAborted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { file, life, onClose } = this.#parts;
    if (this.#isClosed || life.aborted) return;
    this.#isClosed = true;
    file.isClosed = true;
    onClose();
    file.changed.ring();
  }
}

function piecesOf(text: string, mask: Masker): readonly string[] {
  return splitLine(mask(cleanLine(text)));
}

function endOf({ entries }: LogFile): number {
  return entries.at(-1)?.next ?? 0;
}

function startOf({ next, text }: LogEntry): number {
  return next - text.length - 1;
}

/** A few short segments: what `logDirectory` leaves as it is. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,5}$/;

/** Errors: `invalid_input`. */
function checked(name: string): string {
  return plainName.test(name) ? name : logDirectory('/', name).slice(1);
}
