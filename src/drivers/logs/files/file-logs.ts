import { rm } from 'node:fs/promises';
import { CutoverError } from '../../../domain/errors.ts';
import type { LogEntry, LogLine, Logs, LogWriter, Masker } from '../../../engine/ports/logs.ts';
import { LogChannel } from './log-channel.ts';
import { LogCursor } from './log-cursor.ts';
import { logDirectory, logFile } from './log-names.ts';
import { openIfExists, readLog } from './log-reader.ts';
import { linesBackwards, wholeSize } from './log-tail.ts';
import { openLogWriter } from './log-writer.ts';

export interface FileLogsOptions {
  /** Absolute path of a directory that belongs to the logs alone. */
  readonly dir: string;
  /** Limit of one log; the rest is dropped, and the log says so. Default: 1 GiB. */
  readonly maxBytes?: number;
  readonly log: { warn(details: object, message: string): void };
}

/**
 * Logs as append-only files, one per log, written by this process alone.
 *
 * A follower's stream ends when the log is closed. A log that a crash left without its end marker has no writer and is not
 * complete either: its followers wait until it is opened (and closed) again, or until their signal is aborted.
 */
export function createFileLogs(options: FileLogsOptions): Logs {
  return new FileLogs({ maxBytes: 1024 ** 3, ...options });
}

class FileLogs implements Logs {
  readonly #options: Required<FileLogsOptions>;
  readonly #channels = new Map<string, LogChannel>();
  readonly #open = new Set<string>();

  constructor(options: Required<FileLogsOptions>) {
    this.#options = options;
  }

  async open(name: string, mask: Masker): Promise<LogWriter> {
    const { dir, maxBytes, log } = this.#options;
    const path = logFile(dir, name);
    if (this.#open.has(name)) throw new CutoverError('internal', `The log ${name} is open already.`);
    this.#open.add(name);
    const onClose = () => {
      this.#open.delete(name);
      this.#forgetUnused(name);
    };
    try {
      return await openLogWriter({ name, path, mask, maxBytes, channel: this.#channel(name), log, onClose });
    } catch (error) {
      onClose();
      throw error;
    }
  }

  read(
    name: string,
    options: { readonly offset: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LogEntry> {
    return { [Symbol.asyncIterator]: () => new LogCursor(this.#parts(name, options, signal), signal) };
  }

  async *#parts(
    name: string,
    options: { readonly offset: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogEntry[], void, undefined> {
    const path = logFile(this.#options.dir, name);
    const channel = this.#channel(name);
    try {
      using following = channel.follow();
      if (!options.follow) await channel.writer?.drain();
      yield* readLog({ path, ...options }, following.channel, signal);
    } finally {
      this.#forgetUnused(name);
    }
  }

  async tail(name: string, count: number): Promise<readonly LogLine[]> {
    const path = logFile(this.#options.dir, name);
    const writer = this.#channels.get(name)?.writer;
    await writer?.drain();
    const file = await openIfExists(path);
    if (file === null) return [];
    try {
      const lines: LogLine[] = [];
      for await (const { decoded } of linesBackwards(file, writer?.size ?? (await wholeSize(file)))) {
        if (lines.length >= count) break;
        if (decoded.type === 'line') lines.push(decoded.line);
      }
      return lines.toReversed();
    } finally {
      await file.close();
    }
  }

  async remove(prefix: string): Promise<void> {
    const directory = logDirectory(this.#options.dir, prefix);
    await rm(directory, { recursive: true, force: true });
    await rm(`${directory}.ndjson`, { force: true });
  }

  #channel(name: string): LogChannel {
    const channel = this.#channels.get(name) ?? new LogChannel();
    this.#channels.set(name, channel);
    return channel;
  }

  /** A channel of an open log stays: its writer and its followers must meet. */
  #forgetUnused(name: string): void {
    if (this.#channels.get(name)?.unused === true && !this.#open.has(name)) this.#channels.delete(name);
  }
}
