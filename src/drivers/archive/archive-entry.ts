import { CutoverError } from '../../domain/errors.ts';
import type { ExpansionLimits } from './expansion.ts';

/** One entry of an archive, whichever kind it is. Its content is to be read before the next one comes. */
export interface ArchiveEntry {
  /** As it stands in the archive. */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link';
  /** Of a link: what it leads to, as it stands in the archive. */
  readonly target: string;
  readonly executable: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface ArchiveLimits extends ExpansionLimits {
  /** In a path. */
  readonly depth: number;
}

export const archiveLimits: ArchiveLimits = {
  entries: 200_000,
  bytes: 4 * 1024 ** 3,
  ratio: 100,
  freeBytes: 256 * 1024 ** 2,
  depth: 64,
};

export function refused(reason: string, cause?: unknown): CutoverError {
  return new CutoverError('archive_refused', `the archive is refused: ${reason}`, { cause });
}
