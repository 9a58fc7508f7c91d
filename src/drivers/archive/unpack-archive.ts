import { stat } from 'node:fs/promises';
import { compressionOf } from './compression.ts';
import { startOfFile } from './open-archive.ts';
import { archiveLimits, refused, type ArchiveEntry, type ArchiveLimits } from './archive-entry.ts';
import { mostTar } from './expansion.ts';
import { DirectoryTarget } from './directory-target.ts';
import { placeEntries, type TreeTarget } from './place-entries.ts';
import { SurveyTarget, type TreeSurvey } from './survey-target.ts';
import { tarArchive } from './tar-archive.ts';
import { zipArchive } from './zip-archive.ts';

export interface ArchiveOptions {
  readonly limits?: ArchiveLimits;
  /** What has one of these names, and all below it, is left out. */
  readonly leftOut?: readonly string[];
}

/** Writes what is in the archive below `target`, which is empty. Errors: `archive_refused`; those of the disk. */
export async function unpackArchive(
  path: string,
  target: string,
  signal: AbortSignal,
  options: ArchiveOptions = {},
): Promise<void> {
  await readArchive(path, new DirectoryTarget(target), signal, options);
}

/** What unpacking it would make, without writing anything. Errors: `archive_refused`; those of the file. */
export async function surveyArchive(
  path: string,
  signal: AbortSignal,
  options: ArchiveOptions = {},
): Promise<TreeSurvey> {
  const target = new SurveyTarget();
  await readArchive(path, target, signal, options);
  return target.survey();
}

async function readArchive(
  path: string,
  target: TreeTarget,
  signal: AbortSignal,
  { limits = archiveLimits, leftOut = [] }: ArchiveOptions,
): Promise<void> {
  const { size: archiveBytes } = await stat(path);
  const leavesOut = (part: string) => leftOut.includes(part);
  const entries = await entriesOf({ path, mostBytes: mostTar(limits, archiveBytes) }, signal);
  await placeEntries(entries, { target, limits, archiveBytes, leavesOut }, signal);
}

interface Archive {
  readonly path: string;
  /** Of a tar stream in it. */
  readonly mostBytes: number;
}

/** Of one with entries, and of one without. */
const zipStarts = [Buffer.from('PK\x03\x04'), Buffer.from('PK\x05\x06')];

/** By its first bytes; nobody's word for it is taken. */
async function entriesOf({ path, mostBytes }: Archive, signal: AbortSignal): Promise<AsyncIterable<ArchiveEntry>> {
  const start = await startOfFile(path, 512);
  if (zipStarts.some((bytes) => start.subarray(0, 4).equals(bytes))) return zipArchive(path, signal);
  const compression = compressionOf(start);
  const plainTar = start.subarray(257, 262).toString('latin1') === 'ustar';
  if (compression === 'none' && !plainTar) throw refused('it is neither tar, gzip or zstd of a tar, nor zip');
  return tarArchive({ path, compression, mostBytes }, signal);
}
