import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack, type ExtractOptions } from 'tar-fs';
import { isBundle } from './bundle-store.ts';

/** Whole bundles, from one directory of static files to another. For when nothing is served from it yet. */
export interface BundleArchive {
  /** None where there is no such directory. */
  list(): Promise<readonly string[]>;
  /** A tar stream of everything in it, also what was made for the web server, with modes and times. */
  save(bundle: string): AsyncIterable<Uint8Array>;
  /** The bundle is there whole or not at all. The stream is trusted: whoever made it had checked the files. */
  load(bundle: string, tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

/** Missing in the types. */
interface Umask {
  readonly chown: boolean;
  readonly umask: number;
}

/** Over the same directory as `createNginxStaticFiles`. */
export function createBundleArchive({ dir }: { readonly dir: string }): BundleArchive {
  const bundles = join(dir, 'bundles');
  return {
    list: () => list(bundles),
    save: (bundle) => Readable.from(pack(join(bundles, bundle)), { objectMode: false }),
    async load(bundle, tar, signal) {
      // A name that the store of bundles takes for none.
      const staging = join(bundles, `${randomUUID()}.new`);
      await mkdir(staging, { recursive: true, mode: 0o755 });
      try {
        // Modes as they were, whatever this process's umask is: the web server's worker is another user.
        const options: ExtractOptions & Umask = { chown: false, umask: 0 };
        await pipeline(Readable.from(tar), extract(staging, options), { signal });
        await rename(staging, join(bundles, bundle));
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    },
  };
}

async function list(bundles: string): Promise<readonly string[]> {
  try {
    return (await readdir(bundles)).filter(isBundle);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
