import { CutoverError } from '../../../../domain/errors.ts';

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

export interface ArchiveLimits {
  /** Of everything, also directories and links. */
  readonly entries: number;
  /** Of all files together. */
  readonly bytes: number;
  /** How many times as large as the archive that may be; what comes to less than `freeBytes` may be. */
  readonly ratio: number;
  readonly freeBytes: number;
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

export function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
