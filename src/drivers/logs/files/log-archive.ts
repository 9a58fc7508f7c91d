import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { logFile } from './log-names.ts';

/** Logs as they are stored, from one directory of logs to another. */
export interface LogArchive {
  /** Names of all of them. */
  list(): Promise<readonly string[]>;
  /** What there is when it is asked for; what is written meanwhile is not. Empty for one that has gone. */
  save(name: string): AsyncIterable<Uint8Array>;
  /** For when nobody writes yet. */
  load(name: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

const ending = '.ndjson';

/** Over the same directory as `createFileLogs`. */
export function createLogArchive({ dir }: { readonly dir: string }): LogArchive {
  return {
    async list() {
      const found = await orNothing(readdir(dir, { recursive: true }));
      return (found ?? []).filter((path) => path.endsWith(ending)).map((path) => path.slice(0, -ending.length));
    },
    save: (name) => readSoFar(logFile(dir, name)),
    async load(name, content, signal) {
      const path = logFile(dir, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content, { flag: 'wx', mode: 0o640, signal });
    },
  };
}

async function* readSoFar(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await orNothing(open(path, 'r'));
  if (file === null) return;
  await using reading = file;
  const { size } = await reading.stat();
  // The end is inclusive.
  if (size > 0) yield* reading.createReadStream({ end: size - 1, autoClose: false });
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
