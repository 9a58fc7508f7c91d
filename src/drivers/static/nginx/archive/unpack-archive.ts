import { open, stat } from 'node:fs/promises';
import { archiveLimits, refused, type ArchiveEntry, type ArchiveLimits } from './archive-entry.ts';
import { placeEntries } from './place-entries.ts';
import { tarArchive } from './tar-archive.ts';
import { zipArchive } from './zip-archive.ts';

/** Writes what is in the archive below `target`, which is empty. Errors: `archive_refused`; those of the disk. */
export async function unpackArchive(
  path: string,
  target: string,
  signal: AbortSignal,
  limits: ArchiveLimits = archiveLimits,
): Promise<void> {
  const { size: archiveBytes } = await stat(path);
  await placeEntries(await entriesOf(path, signal), { target, limits, archiveBytes }, signal);
}

/** By its first bytes; nobody's word for it is taken. */
async function entriesOf(path: string, signal: AbortSignal): Promise<AsyncIterable<ArchiveEntry>> {
  const start = await startOf(path);
  const is = (...bytes: readonly number[]) => bytes.every((byte, index) => start[index] === byte);
  if (is(0x50, 0x4b, 0x03, 0x04) || is(0x50, 0x4b, 0x05, 0x06)) return zipArchive(path, signal);
  if (is(0x1f, 0x8b)) return tarArchive({ path, compression: 'gzip' }, signal);
  if (is(0x28, 0xb5, 0x2f, 0xfd)) return tarArchive({ path, compression: 'zstd' }, signal);
  if (start.subarray(257, 262).toString('latin1') === 'ustar') return tarArchive({ path, compression: 'none' }, signal);
  throw refused('it is neither tar, gzip or zstd of a tar, nor zip');
}

async function startOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
