import type { Compression } from '../../../archive/compression.ts';
import { openArchive } from '../../../archive/open-archive.ts';
import { shown } from '../../../archive/shown.ts';
import { tarEntries, type TarEntry } from '../../../archive/tar-entries.ts';
import { refused } from './tarball-limits.ts';

export interface TarballEntry extends TarEntry {
  /** Without `./`, and never outside. */
  readonly name: string;
}

interface Tarball {
  readonly path: string;
  readonly compression: Compression;
  /** With nothing compressed. Left out: it has been looked through before. */
  readonly mostBytes?: number;
}

/** Entries one after the other. Errors, also of the contents: `image_tarball_invalid`; those of the file. */
export async function* tarballEntries(
  { path, compression, mostBytes = Number.POSITIVE_INFINITY }: Tarball,
  signal: AbortSignal,
): AsyncGenerator<TarballEntry> {
  for await (const entry of tarEntries(openArchive(path, compression), { signal, mostBytes, refused }))
    yield { ...entry, name: safeName(entry.header.name) };
}

function safeName(name: string): string {
  const parts = name.split('/').filter((part) => part !== '.' && part !== '');
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0'))
    throw refused(`${shown(name)} leads out of it`);
  return parts.join('/');
}
