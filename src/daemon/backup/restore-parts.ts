import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { CutoverError } from '../../domain/errors.ts';
import { readArchive, type ArchiveTarget } from '../../drivers/backup/archive-file.ts';
import { readParts, type ReadPart } from '../../drivers/backup/archive-parts.ts';
import type { DatabaseLoad } from '../../store/backup/load-database.ts';
import type { Attendance, BackupPlaces } from './backup-places.ts';
import { adminTokenPart, imagesPart, settingsPart, type Manifest } from './manifest.ts';
import { readWhole } from './verify-archive.ts';

interface Restoring {
  readonly manifest: Manifest;
  readonly places: BackupPlaces;
  readonly load: DatabaseLoad;
}

const smallBytes = 1024 * 1024;

/** Puts everything where it belongs; the rows, which come first, are there when the last of them is. Resolves to the settings in it. */
export async function restoreParts(
  archive: ArchiveTarget,
  restoring: Restoring,
  attendance: Attendance,
): Promise<unknown> {
  const { load, manifest } = restoring;
  let settings: unknown = {};
  let loaded = false;
  for await (const part of readParts(readArchive(archive, attendance.signal))) {
    const table = /^tables\/(.+)\.ndjson$/.exec(part.name)?.[1];
    if (table !== undefined) {
      await restoreTable(restoring, { table, part }, attendance);
      continue;
    }
    if (!loaded) await load.finish(manifest.sequences);
    loaded = true;
    if (part.name === settingsPart) settings = JSON.parse((await readWhole(part, smallBytes)).toString());
    else await restoreFile(restoring.places, part, attendance);
  }
  return settings;
}

interface TablePart {
  readonly table: string;
  readonly part: ReadPart;
}

async function restoreTable({ manifest, load }: Restoring, { table, part }: TablePart, { progress }: Attendance) {
  if (!load.has(table)) return progress(`leaves out the table ${table}, which is not of Cutover`);
  const known = manifest.tables.find(({ name }) => name === table);
  const lines = createInterface({ input: Readable.from(part.content, { objectMode: false }), crlfDelay: Infinity });
  const rows = await load.load(table, known?.columns ?? [], lines);
  if (rows !== known?.rows)
    throw new CutoverError('backup_invalid', `${rows} rows of ${table} were found, and ${known?.rows} were written`);
}

async function restoreFile(places: BackupPlaces, part: ReadPart, attendance: Attendance) {
  const { directory, images, bundles, logs, repositories } = places;
  const { signal, progress } = attendance;
  const [kind, ...rest] = part.name.split('/');
  const name = rest.join('/');
  if (kind === 'keys' && /^k\d{4,}\.key$/.test(name)) return restoreSecret(join(directory.keys, name), part);
  if (part.name === adminTokenPart) return restoreSecret(directory.adminToken, part);
  if (kind === 'logs') return logs.load(name, part.content, signal);
  const repository = /^([0-9a-f-]{36})\.bundle$/.exec(name)?.[1];
  if (kind === 'repositories' && repository !== undefined) return repositories.load(repository, part.content, signal);
  const bundle = /^([0-9a-f]{64})\.tar$/.exec(name)?.[1];
  if (kind === 'bundles' && bundle !== undefined) return bundles.load(bundle, part.content, signal);
  if (part.name !== imagesPart) return;
  progress('loads the images');
  await images.load(part.content, signal);
}

async function restoreSecret(path: string, part: ReadPart): Promise<void> {
  await writeFile(path, await readWhole(part, smallBytes), { mode: 0o600, flag: 'wx' });
}
