import { randomUUID } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { StoredBundle } from '../../../engine/ports/static-files.ts';
import { unpackArchive } from '../../archive/unpack-archive.ts';
import { brotliTree, linkBrotli } from './brotli-tree.ts';
import { followLinks } from './follow-links.ts';
import { precompress } from './precompress.ts';
import { sealBundle } from './seal-bundle.ts';
import { type BundleLimits, overLimit, untar } from './untar.ts';

const limits: BundleLimits = { files: 500_000, bytes: 4 * 1024 ** 3 };

/**
 * `<dir>/bundles/<hash>` holds a bundle's files, whole from the moment it is there. `<dir>/incoming` is where bundles are
 * prepared; what a crash leaves in it is removed at the next start.
 */
export class BundleStore {
  readonly #bundles: string;
  readonly #incoming: string;

  constructor(dir: string) {
    this.#bundles = join(dir, 'bundles');
    this.#incoming = join(dir, 'incoming');
  }

  async prepare(): Promise<void> {
    await rm(this.#incoming, { recursive: true, force: true });
    await mkdir(this.#incoming, { recursive: true, mode: 0o700 });
    await mkdir(this.#bundles, { recursive: true });
    // Also where this process was started with a strict umask: nginx's worker is another user.
    await chmod(this.#bundles, 0o755);
  }

  putTar(tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredBundle> {
    return this.#put((staging) => untar(tar, staging, limits, signal), signal);
  }

  putDirectory(path: string, signal: AbortSignal): Promise<StoredBundle> {
    return this.#put(async (staging) => {
      const count = { files: 0, bytes: 0 };
      const filter = async (source: string) => {
        signal.throwIfAborted();
        if (basename(source) === '.git' && source !== path) return false;
        const status = await lstat(source);
        count.files += status.isDirectory() ? 0 : 1;
        count.bytes += status.isFile() ? status.size : 0;
        const problem = overLimit(count, limits);
        if (problem !== null) throw problem;
        return true;
      };
      await refuseMissing(path);
      await cp(path, staging, { recursive: true, verbatimSymlinks: true, filter });
    }, signal);
  }

  putArchive(path: string, signal: AbortSignal): Promise<StoredBundle> {
    return this.#put((staging) => unpackArchive(path, staging, signal), signal);
  }

  async has(bundle: string): Promise<boolean> {
    try {
      return (await stat(this.#path(bundle))).isDirectory();
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  async remove(bundle: string): Promise<void> {
    const target = this.#path(bundle);
    const away = join(this.#incoming, randomUUID());
    try {
      await rename(target, away);
    } catch (error) {
      if (isCode(error, 'ENOENT')) return;
      throw error;
    }
    await rm(away, { recursive: true, force: true });
  }

  async list(): Promise<readonly string[]> {
    const names = await readdir(this.#bundles);
    return names.filter(isBundle);
  }

  #path(bundle: string): string {
    if (!isBundle(bundle)) {
      throw new CutoverError('invalid_input', `${JSON.stringify(bundle)} is not a bundle: 64 hex digits are needed.`);
    }
    return join(this.#bundles, bundle);
  }

  async #put(fill: (staging: string) => Promise<void>, signal: AbortSignal): Promise<StoredBundle> {
    signal.throwIfAborted();
    const staging = join(this.#incoming, randomUUID());
    await mkdir(staging, { recursive: true });
    try {
      await fill(staging);
      await followLinks(staging, limits, signal);
      await rm(join(staging, brotliTree), { recursive: true, force: true });
      const stored = await sealBundle(staging, limits, signal);
      if (stored.files === 0) throw new CutoverError('build_empty_output', 'There are no files to serve.');
      if (await this.has(stored.bundle)) return stored;
      await precompress(staging, await linkBrotli(staging, signal), signal);
      await moveInto(staging, this.#path(stored.bundle));
      return stored;
    } catch (error) {
      throw asStoreError(error);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }
}

async function refuseMissing(path: string): Promise<void> {
  const status = await stat(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return null;
    throw error;
  });
  if (status?.isDirectory() !== true) {
    throw new CutoverError('build_empty_output', `There is no directory ${path} with files to serve.`);
  }
}

/** A bundle that somebody else stored meanwhile is the same bundle. */
async function moveInto(staging: string, target: string): Promise<void> {
  try {
    await rename(staging, target);
  } catch (error) {
    if (!isCode(error, 'ENOTEMPTY') && !isCode(error, 'EEXIST')) throw error;
  }
}

function asStoreError(error: unknown): unknown {
  if (isCode(error, 'ERR_FS_CP_FIFO_PIPE') || isCode(error, 'ERR_FS_CP_SOCKET')) {
    return new CutoverError('invalid_input', 'The static files are refused: there is a pipe or a socket.', {
      cause: error,
    });
  }
  if (isCode(error, 'ENAMETOOLONG'))
    return new CutoverError('invalid_input', 'The static files are refused: a path in them is too long.', {
      cause: error,
    });
  if (!isCode(error, 'ENOSPC') && !isCode(error, 'EDQUOT')) return error;
  return new CutoverError('disk_full', 'No space is left on the disk for the static files.', { cause: error });
}

export function isBundle(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
