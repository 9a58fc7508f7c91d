import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-fs';
import { CutoverError } from '../../../domain/errors.ts';
import { shown } from '../../archive/shown.ts';

export interface BundleLimits {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes the files of a tar stream below `target`, which is empty. Refused, with `invalid_input`: absolute names, `..`, links
 * that lead outside, devices and pipes, and whatever is over the limits.
 */
export async function untar(
  tar: AsyncIterable<Uint8Array>,
  target: string,
  limits: BundleLimits,
  signal: AbortSignal,
): Promise<void> {
  const count = { files: 0, bytes: 0 };
  let problem: unknown = null;
  const extraction = extract(target, {
    chown: false,
    dmode: 0o755,
    fmode: 0o644,
    utimes: false,
    ignore: (_path: string, header?: TarEntry) => {
      if (problem !== null || header === undefined) return true;
      count.files += 1;
      count.bytes += header.size ?? 0;
      const found = inspectEntry(header) ?? overLimit(count, limits);
      if (found === null) return false;
      problem = found;
      extraction.destroy(found);
      return true;
    },
  } as Parameters<typeof extract>[1]);
  // An entry emits the extraction's error once more, and an error without a listener would end the process.
  extraction.prependListener('entry', (_header, entry) => {
    entry.on('error', (error: unknown) => (problem ??= asArchiveError(error)));
  });
  try {
    await pipeline(Readable.from(tar), extraction, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw problem ?? asArchiveError(cause);
  }
}

/** What the reader tells of an entry. */
interface TarEntry {
  readonly name: string;
  readonly type?: string | null;
  readonly linkname?: string | null;
  readonly size?: number;
}

const acceptedTypes = new Set<string | null | undefined>(['file', 'directory', 'symlink', 'link']);

function inspectEntry({ name, linkname, type }: TarEntry): CutoverError | null {
  if (!acceptedTypes.has(type)) return refused(`${shown(name)} is a ${type}, not a file`);
  if (name.startsWith('/') || name.split('/').includes('..')) return refused(`${shown(name)} leads out of the archive`);
  if (type === 'symlink' && (linkname ?? '').startsWith('/')) return refused(`the link ${shown(name)} is absolute`);
  if (type === 'link' && ((linkname ?? '').startsWith('/') || (linkname ?? '').split('/').includes('..'))) {
    return refused(`the link ${shown(name)} leads out of the archive`);
  }
  return null;
}

export function overLimit(count: BundleLimits, limits: BundleLimits): CutoverError | null {
  if (count.files > limits.files) return refused(`there are more than ${limits.files} files`);
  if (count.bytes > limits.bytes) return refused(`the files are larger than ${limits.bytes} bytes together`);
  return null;
}

export function refused(reason: string): CutoverError {
  return new CutoverError('invalid_input', `The static files are refused: ${reason}.`);
}

function asArchiveError(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const code = 'code' in cause ? cause.code : undefined;
  if (code === undefined || code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'ENAMETOOLONG') {
    return new CutoverError('invalid_input', `The archive cannot be read: ${cause.message}`, { cause });
  }
  return cause;
}
