import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogStock } from '../../../engine/ports/log-stock.ts';
import { logDirectory } from './log-names.ts';

/** Over the same directory as `createFileLogs`. */
export function createFileLogStock({ dir }: { readonly dir: string }): LogStock {
  return {
    async size(prefix) {
      const directory = logDirectory(dir, prefix);
      const [inside, own] = await Promise.all([sizeOfDirectory(directory), sizeOfFile(`${directory}.ndjson`)]);
      return inside + own;
    },
  };
}

async function sizeOfDirectory(directory: string): Promise<number> {
  const entries = await orNothing(readdir(directory, { withFileTypes: true }));
  let bytes = 0;
  for (const entry of entries ?? []) {
    const path = join(directory, entry.name);
    bytes += entry.isDirectory() ? await sizeOfDirectory(path) : await sizeOfFile(path);
  }
  return bytes;
}

async function sizeOfFile(path: string): Promise<number> {
  return (await orNothing(stat(path)))?.size ?? 0;
}

/** null where it is not there, or went meanwhile. */
async function orNothing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
