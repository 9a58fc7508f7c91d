import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Process id in the data directory's lock file; null when there is none. */
export async function postmasterPid(dataDirectory: string): Promise<number | null> {
  const text = await readIfThere(join(dataDirectory, 'postmaster.pid'));
  const pid = Number(text?.split('\n')[0]);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
}

/**
 * True while that process runs and is this directory's postmaster. A zombie (its parent has not reaped it yet) and a stranger
 * that was given the same process id are not.
 */
export async function isPostmaster(pid: number, dataDirectory: string): Promise<boolean> {
  const status = await readIfThere(`/proc/${pid}/stat`);
  // `pid (name) state …`, where the name may hold anything.
  const state = status?.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3);
  if (state === undefined || state === 'Z' || state === 'X') return false;
  const args = (await readIfThere(`/proc/${pid}/cmdline`))?.split('\0') ?? [];
  return args.includes(dataDirectory);
}

/**
 * Removes the lock file of a postmaster that is dead, for when PostgreSQL itself will not: it takes a zombie, or a stranger with
 * the same process id, for a living one. Children that outlived it are still found, by the shared memory of the data directory.
 */
export async function removeStaleLock(dataDirectory: string): Promise<void> {
  const pid = await postmasterPid(dataDirectory);
  if (pid === null || (await isPostmaster(pid, dataDirectory))) return;
  await rm(join(dataDirectory, 'postmaster.pid'), { force: true });
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null;
    throw error;
  }
}
