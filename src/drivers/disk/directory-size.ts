import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes on the disk of everything below; links are not followed, and what goes meanwhile counts nothing. 0 where there is no such directory. */
export async function directorySize(directory: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const entries = await orNothing(readdir(directory, { withFileTypes: true }));
  let bytes = 0;
  for (const entry of entries ?? []) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += await directorySize(path, signal);
    else bytes += ((await orNothing(lstat(path)))?.blocks ?? 0) * 512;
  }
  return bytes;
}

async function orNothing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
