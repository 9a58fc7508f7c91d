import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CutoverError } from '../../../domain/errors.ts';
import { megabytes, tooLarge } from './limits.ts';

const pollMs = 200;

/** A mirror is larger than it may be; whether because of what is wanted now is for whoever knows what else is in it. */
export class MirrorFull extends Error {
  readonly #limit: number;

  constructor(limit: number) {
    super('the mirror is larger than it may be');
    this.name = 'MirrorFull';
    this.#limit = limit;
  }

  asError(): CutoverError {
    return tooLarge(`The repository is larger than ${megabytes(this.#limit)}, as its server sends it.`);
  }
}

/** Ends `work` by its signal when the mirror in `path` grows above `limit` bytes. Error: `MirrorFull`. */
export async function whileSmall<T>(
  { path, limit }: { readonly path: string; readonly limit: number },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const full = new AbortController();
  const look = async () => {
    if ((await mirrorBytes(path)) > limit) full.abort(new MirrorFull(limit));
  };
  const timer = setInterval(() => void look().catch((error: unknown) => full.abort(error)), pollMs);
  try {
    const result = await work(AbortSignal.any([signal, full.signal]));
    await look();
    full.signal.throwIfAborted();
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** Of its packs, also those that are being received, and of what Git LFS keeps in it. */
async function mirrorBytes(path: string): Promise<number> {
  const packs = await sizesBelow(join(path, 'objects', 'pack'), false);
  return packs + (await sizesBelow(join(path, 'lfs'), true));
}

async function sizesBelow(path: string, recursive: boolean): Promise<number> {
  const names = await readdir(path, { recursive }).catch(whereAbsent([]));
  const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Git renames and removes files meanwhile. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then((info) => (info.isFile() ? info.size : 0), whereAbsent(0));
}

function whereAbsent<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value;
    throw error;
  };
}
