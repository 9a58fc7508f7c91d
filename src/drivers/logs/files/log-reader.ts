import { open, type FileHandle } from 'node:fs/promises';
import type { LogEntry } from '../../../engine/ports/logs.ts';
import type { LogChannel } from './log-channel.ts';
import { decodeLine, endMarker } from './log-format.ts';
import { wholeSize } from './log-tail.ts';

const chunkBytes = 32 * 1024;

export interface ReadRequest {
  readonly path: string;
  readonly offset: number;
  readonly follow: boolean;
}

/** One reader of one log, in parts. It reads from the file; only when it is up to date it takes the frame that all followers share. */
export async function* readLog(
  request: ReadRequest,
  channel: LogChannel,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEntry[], void, undefined> {
  await using file = new LazyFile(request.path);
  let offset = await firstWholeLine(file, request.offset);
  for (;;) {
    signal.throwIfAborted();
    const { version, writer } = channel;
    const frame = writer?.frame;
    if (frame && frame.start === offset) {
      yield frame.entries;
      offset = frame.end;
      continue;
    }
    const part = await readPart(file, offset, writer?.size ?? Infinity);
    if (part.entries.length > 0) yield part.entries;
    offset = part.end;
    if (part.ended && channel.writer === null) return;
    if (part.progress || channel.version !== version) continue;
    if (!request.follow) return;
    await channel.changeSince(version, signal);
  }
}

interface Part {
  readonly entries: readonly LogEntry[];
  /** Where the next read begins. */
  readonly end: number;
  readonly progress: boolean;
  /** The end marker was met: unless the log has been opened again, nothing follows. */
  readonly ended: boolean;
}

/** The whole lines of one chunk, or of as many as the first line needs. */
async function readPart(file: LazyFile, offset: number, limit: number): Promise<Part> {
  for (let length = chunkBytes; ; length *= 2) {
    const wanted = Math.min(length, limit - offset);
    const bytes = wanted > 0 ? await file.read(offset, wanted) : Buffer.alloc(0);
    const end = bytes.lastIndexOf(10) + 1;
    if (end > 0 || bytes.length < length) return decodePart(bytes.subarray(0, end), offset);
  }
}

function decodePart(bytes: Buffer, offset: number): Part {
  const entries: LogEntry[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(10, start) + 1;
    const decoded = decodeLine(bytes.toString('utf8', start, end - 1));
    if (decoded.type === 'end') return { entries, end: offset + start, progress: false, ended: true };
    entries.push({ ...decoded.line, next: offset + end });
    start = end;
  }
  return { entries, end: offset + start, progress: start > 0, ended: false };
}

/** An offset in the middle of a line goes on to the next one; one behind the last line goes to its end. */
async function firstWholeLine(file: LazyFile, offset: number): Promise<number> {
  if (offset <= 0) return 0;
  for (let position = offset - 1; ;) {
    const bytes = await file.read(position, chunkBytes);
    const newline = bytes.indexOf(10);
    if (newline >= 0) return Math.min(position + newline + 1, await file.endOfLines());
    if (bytes.length < chunkBytes) return file.endOfLines();
    position += bytes.length;
  }
}

/** The log's file, which may not exist yet. */
class LazyFile implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Fewer bytes than asked for at the end of the file; none if there is no file. */
  async read(position: number, length: number): Promise<Buffer> {
    this.#file ??= await openIfExists(this.#path);
    if (this.#file === null) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.#file.read(buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  }

  /** Where the last whole line ends; the end marker is none. */
  async endOfLines(): Promise<number> {
    if (this.#file === null) return 0;
    const size = await wholeSize(this.#file);
    const end = Math.max(0, size - endMarker.length);
    const last = await this.read(end, size - end);
    return last.toString() === endMarker ? end : size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}

export async function openIfExists(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
