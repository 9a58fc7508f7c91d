import { statfs } from 'node:fs/promises';
import { CutoverError } from '../../../domain/errors.ts';
import { GitFailure } from '../git/git-failure.ts';

/** As Git says it, in the midst of other things. */
export const saysDiskFull = /No space left on device|Disk quota exceeded/i;

/** Less is no room: not for a lock with an id in it, and not for what Git writes around it. */
const leastBytes = 16 * 1024;

/** Git does not always say why it could not write. */
export async function hasNoRoom(path: string): Promise<boolean> {
  const { bavail, bsize, files, ffree } = await statfs(path);
  return bavail * bsize < leastBytes || (files > 0 && ffree === 0);
}

/** What went wrong with something that writes below the path: `disk_full` where that is why, else the error as it is. */
export async function explainWrite(error: unknown, path: string): Promise<unknown> {
  const isFull =
    error instanceof GitFailure
      ? error.lines.some((line) => saysDiskFull.test(line)) || (await hasNoRoom(path))
      : error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  return isFull ? diskFull(error) : error;
}

export function diskFull(cause?: unknown): CutoverError {
  return new CutoverError('disk_full', 'no space is left on the disk where repositories are kept', { cause });
}
