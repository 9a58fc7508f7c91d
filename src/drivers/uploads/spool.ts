import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import type { Upload } from '../../domain/source.ts';
import type { Disks } from '../../engine/ports/disks.ts';
import type { ReceiveRequest, Uploads } from '../../engine/ports/uploads.ts';
import { unlessQuiet } from '../incoming/unless-quiet.ts';

export interface SpoolOptions {
  /** Absolute path of a directory that belongs to uploads alone. */
  readonly dir: string;
  /** Of one upload. */
  readonly maxBytes: number;
  /** Without a byte for so long an upload has ended. Default 20 s. */
  readonly quietMs?: number;
  readonly disks: Disks;
  /** What an upload leaves free on the disk. Default 1 GB. */
  readonly reserveBytes?: number;
  /** Uploads that come in. Default 12: what they write between two looks at the disk is less than what is left free. */
  readonly atOnce?: number;
}

const defaultQuietMs = 20_000;
const defaultReserveBytes = 1e9;
const defaultAtOnce = 12;
const lookEveryBytes = 64 * 1024 ** 2;
const longestFilename = 120;

/** `<id>.part` is coming in, `<id>` is whole: it has that name when its bytes are on the disk. Call it once per `dir`. */
export async function createUploadSpool(options: SpoolOptions): Promise<Uploads> {
  const { dir } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await removeParts(dir);
  const incoming = new Set<string>();
  return {
    receive: (request, signal) => receive({ ...options, incoming }, request, signal),
    async path(id) {
      const path = pathOf(dir, id);
      if (await exists(path)) return path;
      throw new CutoverError('upload_gone', 'what was sent is not on this machine any more');
    },
    async remove(id) {
      await rm(pathOf(dir, id), { force: true });
      await rm(`${pathOf(dir, id)}.part`, { force: true });
    },
    async list(quietMs) {
      // Also of those that are whole when the others have been looked at.
      const coming = new Set(incoming);
      const quiet = await list(dir, quietMs);
      return quiet.filter((id) => !coming.has(id) && !incoming.has(id));
    },
  };
}

interface Receiving extends SpoolOptions {
  /** Ids of what this process is being sent. */
  readonly incoming: Set<string>;
}

async function receive(options: Receiving, { filename, bytes }: ReceiveRequest, signal: AbortSignal): Promise<Upload> {
  const { incoming, atOnce = defaultAtOnce } = options;
  if (incoming.size >= atOnce) throw new CutoverError('too_busy', `${atOnce} uploads are coming in already`);
  const id = randomUUID();
  incoming.add(id);
  const path = pathOf(options.dir, id);
  const part = `${path}.part`;
  try {
    const received = await fill(part, options, unlessQuiet(bytes, options.quietMs ?? defaultQuietMs, signal));
    signal.throwIfAborted();
    await rename(part, path);
    await syncDirectory(options.dir);
    return { id, filename: shown(filename), ...received };
  } catch (error) {
    await rm(part, { force: true });
    await rm(path, { force: true });
    throw explain(error);
  } finally {
    incoming.delete(id);
  }
}

/** Of a process that was killed: nobody sends the rest. */
async function removeParts(dir: string): Promise<void> {
  for (const name of await readdir(dir)) if (name.endsWith('.part')) await rm(join(dir, name), { force: true });
}

async function fill(
  part: string,
  options: SpoolOptions,
  bytes: AsyncIterable<Uint8Array>,
): Promise<Pick<Upload, 'sizeBytes' | 'sha256'>> {
  await using file = await open(part, 'wx', 0o600);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let lookAt = 0;
  for await (const chunk of bytes) {
    if (sizeBytes >= lookAt) {
      await requireRoom(options);
      lookAt = sizeBytes + lookEveryBytes;
    }
    sizeBytes += chunk.length;
    if (sizeBytes > options.maxBytes) throw tooLarge(options.maxBytes);
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  if (sizeBytes === 0) throw new CutoverError('invalid_input', 'nothing was sent: the body is empty');
  await file.sync();
  // Writing it all to the disk may have taken a while: from here on it waits to be put on record.
  const now = new Date();
  await file.utimes(now, now);
  return { sizeBytes, sha256: hash.digest('hex') };
}

async function requireRoom({ dir, disks, reserveBytes = defaultReserveBytes }: SpoolOptions): Promise<void> {
  const { freeBytes } = await disks.space(dir);
  if (freeBytes >= reserveBytes) return;
  throw new CutoverError('disk_low', `only ${(freeBytes / 1e6).toFixed(0)} MB are free where uploads are kept`);
}

async function list(dir: string, quietMs: number): Promise<readonly string[]> {
  const quiet: string[] = [];
  for (const name of await readdir(dir)) {
    const id = /^([0-9a-f-]{36})(?:\.part)?$/.exec(name)?.[1];
    if (id === undefined) continue;
    const age = await ageOf(join(dir, name));
    if (age !== null && age >= quietMs) quiet.push(id);
  }
  return [...new Set(quiet)];
}

async function ageOf(path: string): Promise<number | null> {
  try {
    // The file system counts in smaller parts of a millisecond than the clock.
    return Math.max(0, Date.now() - (await stat(path)).mtimeMs);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await ageOf(path)) !== null;
}

/** So that the new name is there after the machine has lost its power. */
async function syncDirectory(dir: string): Promise<void> {
  const directory = await open(dir, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function pathOf(dir: string, id: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return join(dir, id);
  throw new CutoverError('invalid_input', `${JSON.stringify(id)} is no upload`);
}

/** Its last part, without what could move a cursor. */
function shown(filename: string): string {
  const last = filename.split(/[/\\]/).at(-1) ?? '';
  const clean = last.replaceAll(/[^\p{L}\p{N} ._+@()-]/gu, '').trim();
  return clean === '' ? '-' : clean.slice(0, longestFilename);
}

function tooLarge(maxBytes: number): CutoverError {
  return new CutoverError('upload_too_large', `more than ${Math.floor(maxBytes / 1024 ** 2)} MiB were sent`);
}

function explain(error: unknown): unknown {
  if (error instanceof CutoverError) return error;
  if (isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT'))
    return new CutoverError('disk_full', 'no space is left on the disk for uploads', { cause: error });
  return error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
