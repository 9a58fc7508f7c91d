import type { Header } from 'tar-stream';
import type { Compression } from './compression.ts';
import { openArchive } from './open-archive.ts';
import { shown } from './shown.ts';
import { tarEntries } from './tar-entries.ts';
import { refused, type ArchiveEntry } from './archive-entry.ts';

interface TarFile {
  readonly path: string;
  readonly compression: Compression;
  /** With nothing compressed. */
  readonly mostBytes: number;
}

/** Errors, also of the contents: `archive_refused`; those of the file. */
export async function* tarArchive(
  { path, compression, ...limit }: TarFile,
  signal: AbortSignal,
): AsyncGenerator<ArchiveEntry> {
  for await (const { header, content } of tarEntries(openArchive(path, compression), { signal, refused, ...limit }))
    yield toEntry(header, content);
}

function toEntry({ name, type, linkname, mode }: Header, content: AsyncIterable<Uint8Array>): ArchiveEntry {
  const known = type === 'contiguous-file' ? 'file' : type;
  if (known !== 'file' && known !== 'directory' && known !== 'symlink' && known !== 'link')
    throw refused(`${shown(name)} is a ${type ?? 'thing of an unknown kind'}, not a file`);
  return { name, type: known, target: linkname ?? '', executable: (mode & 0o111) !== 0, content };
}
