import { CutoverError } from '../../domain/errors.ts';
import type { SentTree } from '../../engine/ports/source.ts';
import { refused } from '../archive/archive-entry.ts';
import { surveyArchive, unpackArchive } from '../archive/unpack-archive.ts';

/** Nothing in a build is to take a directory for a repository, nor to believe what such a one says. */
const leftOut = ['.git'];

export async function surveySent(archive: string, signal: AbortSignal): Promise<SentTree> {
  try {
    return notEmpty(await surveyArchive(archive, signal, { leftOut }));
  } catch (error) {
    throw explain(error);
  }
}

export async function unpackSent(archive: string, target: string, signal: AbortSignal): Promise<void> {
  try {
    await unpackArchive(archive, target, signal, { leftOut });
  } catch (error) {
    throw explain(error);
  }
}

function notEmpty(found: SentTree): SentTree {
  if (found.files === 0) throw refused('there are no files in it');
  return found;
}

function explain(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new CutoverError('disk_full', 'no space is left on the disk for the files that were sent', { cause: error });
  if (code === 'ENAMETOOLONG') return refused('a path in it is too long', error);
  if (code === 'ENOENT') return new CutoverError('upload_gone', 'what was sent is not on this machine any more');
  return error;
}
