import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { LogLine, LogWriter, Masker } from '../../../engine/ports/logs.ts';
import { cleanLine, splitLine } from './clean-line.ts';
import { LogBatch } from './log-batch.ts';
import type { Frame, LogChannel, OpenWriter } from './log-channel.ts';
import { endMarker } from './log-format.ts';
import { recover, type Recovered } from './log-recovery.ts';

const flushBytes = 64 * 1024;
const flushMs = 50;
const syncMs = 1000;
/** A producer that awaits `write` never has more than this in memory. */
const highWaterBytes = 256 * 1024;
/** Kept free below the limit for the line that says that it was reached. */
const reservedBytes = 512;

export interface WriterOptions {
  readonly name: string;
  readonly path: string;
  readonly mask: Masker;
  readonly maxBytes: number;
  readonly channel: LogChannel;
  readonly log: { warn(details: object, message: string): void };
  readonly onClose: () => void;
}

/** Error: `disk_full`. */
export async function openLogWriter(options: WriterOptions): Promise<LogWriter> {
  try {
    return await openFile(options);
  } catch (error) {
    throw asLogError(error, options.name);
  }
}

async function openFile(options: WriterOptions): Promise<LogWriter> {
  await mkdir(dirname(options.path), { recursive: true });
  const file = await open(options.path, constants.O_RDWR | constants.O_CREAT, 0o640);
  try {
    return new FileLogWriter(options, file, await recover(file));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The one writer of a log. Lines gather in `#batch` (64 KB or 50 ms) and are then written in one piece at a known place, so that
 * a write that failed half-way is simply repeated. While the disk is full, `write` is refused once 256 KB wait, and how many
 * lines were lost is told in the log when there is room again.
 */
class FileLogWriter implements LogWriter, OpenWriter {
  readonly #options: WriterOptions;
  readonly #file: FileHandle;
  #size: number;
  #frame: Frame | null = null;
  #position: string | null;
  #full: boolean;
  #batch: LogBatch;
  #inFlight: LogBatch | null = null;
  #lost = 0;
  #failure: Error | null = null;
  #writing: Promise<void> | null = null;
  #room: PromiseWithResolvers<void> | null = null;
  #flushTimer: NodeJS.Timeout | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | null = null;

  constructor(options: WriterOptions, file: FileHandle, found: Recovered) {
    this.#options = options;
    this.#file = file;
    this.#size = found.size;
    this.#position = found.position;
    this.#full = found.full;
    this.#batch = new LogBatch(found.size);
    options.channel.writer = this;
    options.channel.changed();
  }

  get size(): number {
    return this.#size;
  }

  get frame(): Frame | null {
    return this.#frame;
  }

  lastPosition(): string | null {
    return this.#position;
  }

  write(line: LogLine): Promise<void> {
    if (this.#closing !== null) {
      return Promise.reject(new CutoverError('internal', `The log ${this.#options.name} is closed.`));
    }
    if (this.#failure !== null && this.#waitingBytes() >= highWaterBytes) {
      this.#lost += 1;
      return Promise.reject(this.#failure);
    }
    const { position, ...rest } = line;
    const parts = line.text.split('\n').flatMap((text) => splitLine(this.#options.mask(cleanLine(text))));
    const last = parts.length - 1;
    parts.forEach((text, i) => this.#add({ ...rest, text, ...(i === last && position ? { position } : {}) }));
    if (position !== undefined) this.#position = position;
    this.#schedule();
    return this.#untilRoom();
  }

  async flush(): Promise<void> {
    await this.drain();
    await this.#sync();
  }

  async drain(): Promise<void> {
    do {
      clearTimeout(this.#flushTimer);
      this.#flushTimer = undefined;
      this.#writing ??= this.#writeBatches();
      await this.#writing;
      if (this.#failure !== null) throw this.#failure;
    } while (this.#waitingBytes() > 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.drain();
      await writeAll(this.#file, endMarker, this.#size);
      await this.#file.datasync();
    } finally {
      clearTimeout(this.#flushTimer);
      clearTimeout(this.#syncTimer);
      this.#options.channel.writer = null;
      this.#options.channel.changed();
      this.#options.onClose();
      await this.#file.close();
    }
  }

  #add(line: LogLine): void {
    if (this.#full) return;
    const { channel, maxBytes } = this.#options;
    if (this.#lost > 0 && this.#failure === null) {
      const text = `— ${this.#lost} lines are missing here: the disk was full —`;
      this.#lost = 0;
      this.#add({ at: line.at, stream: 'system', text });
    }
    // A line grows by quotes, escapes and its time when it is stored; six times is the most JSON can make of it.
    const room = maxBytes - reservedBytes - this.#batch.end;
    if (line.text.length * 6 + 200 > room && Buffer.byteLength(JSON.stringify(line)) > room) {
      this.#full = true;
      const text = `— the log has reached its limit of ${maxBytes} bytes: what follows is not kept —`;
      this.#batch.add({ at: line.at, stream: 'system', text }, channel.followed, true);
    } else {
      this.#batch.add(line, channel.followed);
    }
  }

  #waitingBytes(): number {
    return this.#batch.bytes + (this.#inFlight?.bytes ?? 0);
  }

  #schedule(): void {
    if (this.#writing !== null) return;
    if (this.#batch.bytes >= flushBytes && this.#failure === null) this.#writing = this.#writeBatches();
    else this.#flushTimer ??= setTimeout(() => this.#onTimer(), this.#failure === null ? flushMs : syncMs);
  }

  #onTimer(): void {
    this.#flushTimer = undefined;
    this.#writing ??= this.#writeBatches();
  }

  #untilRoom(): Promise<void> {
    if (this.#waitingBytes() < highWaterBytes) return Promise.resolve();
    if (this.#room === null) {
      this.#room = Promise.withResolvers();
      // Handled here for the producer that does not wait; one that does gets the rejection all the same.
      this.#room.promise.catch(() => undefined);
    }
    return this.#room.promise;
  }

  /** Never rejects: a failure is kept for `write` and `flush`. */
  async #writeBatches(): Promise<void> {
    try {
      do {
        await this.#writeBatch();
      } while (this.#batch.bytes >= flushBytes);
      this.#recovered();
    } catch (cause) {
      this.#failed(cause);
    } finally {
      this.#writing = null;
      if (this.#waitingBytes() > 0 && this.#closing === null) this.#schedule();
    }
  }

  async #writeBatch(): Promise<void> {
    this.#inFlight ??= this.#takeBatch();
    const batch = this.#inFlight;
    if (batch.bytes > 0) {
      await writeAll(this.#file, batch.text, batch.start);
      this.#size = batch.end;
      this.#frame = this.#options.channel.followed ? batch.frame() : null;
      this.#syncTimer ??= setTimeout(() => this.#onSyncTimer(), syncMs);
      this.#options.channel.changed();
    }
    this.#inFlight = null;
    if (this.#waitingBytes() < highWaterBytes) this.#releaseRoom((room) => room.resolve());
  }

  #takeBatch(): LogBatch {
    const batch = this.#batch;
    this.#batch = new LogBatch(batch.end);
    return batch;
  }

  #recovered(): void {
    if (this.#failure === null) return;
    this.#failure = null;
    this.#options.log.warn({ log: this.#options.name }, 'the log can be written again');
  }

  #failed(cause: unknown): void {
    if (this.#failure === null) {
      this.#options.log.warn({ log: this.#options.name, err: cause }, 'the log cannot be written');
    }
    this.#failure = asLogError(cause, this.#options.name);
    const failure = this.#failure;
    this.#releaseRoom((room) => room.reject(failure));
  }

  #releaseRoom(settle: (room: PromiseWithResolvers<void>) => void): void {
    const room = this.#room;
    this.#room = null;
    if (room !== null) settle(room);
  }

  #onSyncTimer(): void {
    this.#sync().catch((error: unknown) => this.#failed(error));
  }

  async #sync(): Promise<void> {
    if (this.#syncTimer === undefined) return;
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    if (this.#closing === null) await this.#file.datasync();
  }
}

/** As a string, because a buffer per batch is memory that the collector is in no hurry to give back. */
async function writeAll(file: FileHandle, text: string, position: number): Promise<void> {
  const { bytesWritten } = await file.write(text, position, 'utf8');
  if (bytesWritten === Buffer.byteLength(text)) return;
  const bytes = Buffer.from(text);
  for (let done = bytesWritten; done < bytes.length;) {
    const next = await file.write(bytes, done, bytes.length - done, position + done);
    done += next.bytesWritten;
  }
}

function asLogError(cause: unknown, name: string): CutoverError {
  if (cause instanceof CutoverError) return cause;
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new CutoverError('disk_full', `The log ${name} cannot be written: no space is left on the disk.`, { cause });
  }
  return new CutoverError('internal', `The log ${name} cannot be written: ${String(cause)}`, { cause });
}
