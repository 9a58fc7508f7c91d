import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import { CutoverError } from '../domain/errors.ts';
import type { DataDirectory } from './data-directory.ts';

/** How long another one may take to end, or to be found ready by whoever waits for it. */
const patienceSeconds = 10;
/** Of util-linux, which every Debian has. */
const lockProgram = 'flock';

/**
 * At most one control plane works on a data directory. The kernel holds the lock for an open file, so it ends with the process,
 * however that ends, and is never stale. Error: `already_running`.
 */
export async function lockDataDirectory(
  directory: DataDirectory,
  signal: AbortSignal,
  waitSeconds: number = patienceSeconds,
): Promise<AsyncDisposable> {
  const file = await open(directory.serverLock, 'a+', 0o644);
  try {
    if (!(await lock(file, waitSeconds, signal))) throw alreadyRunning(directory, await file.readFile('utf8'));
    await file.truncate(0);
    await file.write(`${process.pid}\n`);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Node cannot lock; flock(1) locks the file that it inherits, and the lock stays with the file when that program has ended. */
async function lock(file: FileHandle, waitSeconds: number, signal: AbortSignal): Promise<boolean> {
  const child = spawn(lockProgram, ['--exclusive', '--wait', String(waitSeconds), '3'], {
    stdio: ['ignore', 'ignore', 'inherit', file.fd],
    signal,
  });
  const [code]: unknown[] = await once(child, 'exit');
  signal.throwIfAborted();
  if (code !== 0 && code !== 1) throw new CutoverError('internal', `flock ended with ${String(code)}`);
  return code === 0;
}

function alreadyRunning({ root }: DataDirectory, holder: string): CutoverError {
  return new CutoverError('already_running', `the control plane of process ${holder.trim()} works on ${root}`);
}
