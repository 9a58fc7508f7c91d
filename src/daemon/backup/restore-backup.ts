import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { copyFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Kysely } from 'kysely';
import { CutoverError } from '../../domain/errors.ts';
import type { MissingArtifact, RestoreBackupOptions, RestoredBackup } from '../../cli/backup-operations.ts';
import type { ArchiveTarget } from '../../drivers/backup/archive-file.ts';
import { platformTraces } from '../../drivers/runtime/docker/platform-traces.ts';
import { readKeys } from '../../drivers/secrets/key-files.ts';
import { hashToken, newToken } from '../../drivers/secrets/tokens.ts';
import type { OperatorLog } from '../../engine/ports/ports.ts';
import { highestSlot, isEmptyDatabase, loadDatabase } from '../../store/backup/load-database.ts';
import { markServingDown } from '../../store/backup/mark-down.ts';
import { migrate } from '../../store/migrate.ts';
import type { Database } from '../../store/schema.ts';
import { tokenStore } from '../../store/tokens.ts';
import { largestSlots, type Config } from '../config.ts';
import { openDataDirectory, type DataDirectory } from '../data-directory.ts';
import type { EnvironmentVariables } from '../environment-variables.ts';
import { parseSettings, saveSettings } from '../saved-settings.ts';
import { openBackupDatabase } from './backup-database.ts';
import { backupPlaces, type Attendance, type BackupPlaces } from './backup-places.ts';
import type { Manifest } from './manifest.ts';
import { readPassphrase } from './passphrase.ts';
import { restoreParts } from './restore-parts.ts';
import { summarise } from './summary.ts';
import { verifyArchive } from './verify-archive.ts';
import { everywhere } from '../../engine/ports/configuration-store.ts';

interface Restoration {
  readonly config: Config;
  /** What was set for this call, for the restored platform to go on with. */
  readonly variables: EnvironmentVariables;
  readonly options: RestoreBackupOptions;
}

type Present = Attendance & { readonly log: OperatorLog };

/**
 * Verifies, looks whether there is room, and only then writes. While it writes, the data directory carries a mark with which nothing starts;
 * so what a crash leaves is told from what is whole. Errors: those of `RestoreBackupOptions`.
 */
export async function restoreBackup(restoration: Restoration, present: Present): Promise<RestoredBackup> {
  const { config, options } = restoration;
  await refuseUsedDirectory(config.dataDir);
  await refuseUsedDatabase(config, present.log);
  const archive = { path: resolve(options.file), passphrase: await readPassphrase(options.passphraseFile) };
  present.progress('verifies the backup');
  const manifest = await verifyArchive(archive, present.signal);
  await requireKeys(manifest, options.keys);
  const id = await choosePlatformId(manifest, restoration, present.signal);
  const places = backupPlaces(config);
  const directory = await openDataDirectory(config.dataDir, id);
  await markIncomplete(directory, archive.path);
  const migrated = await restoreInto(places, { ...restoration, manifest, archive }, present);
  const missing = await findMissing(manifest, places, present.signal);
  await rm(directory.restoreMark);
  const { root: dataDirectory } = directory;
  return { ...summarise(manifest, archive), dataDirectory, newPlatformId: id, migrated, missing };
}

async function refuseUsedDirectory(dataDir: string): Promise<void> {
  const found = await readdir(dataDir).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  if (found.length > 0)
    throw new CutoverError('restore_not_empty', `${dataDir} is not empty: there is ${found.slice(0, 3).join(', ')}`);
}

/** One of the operator's own; ours is made in the directory, which is empty. */
async function refuseUsedDatabase(config: Config, log: OperatorLog): Promise<void> {
  if (config.database.kind === 'embedded') return;
  await using database = await openBackupDatabase(config, log);
  if (!(await isEmptyDatabase(database.db)))
    throw new CutoverError('restore_not_empty', 'the database of DATABASE_URL holds tables already');
}

/** Keys that are given must be the ones that the backup was made with. Error: `usage`. */
async function requireKeys({ keys, keysIncluded }: Manifest, given: string | undefined): Promise<void> {
  if (keysIncluded) return;
  if (given === undefined)
    throw new CutoverError('usage', 'the backup has no keys: name the directory with a copy of them (--keys)');
  const found = new Set((await readKeys(resolve(given))).map(({ bytes }) => fingerprint(bytes)));
  const missing = keys.filter(({ sha256 }) => !found.has(sha256));
  if (missing.length === 0) return;
  throw new CutoverError('usage', `${given} has not the keys of the backup: ${missing.map(({ id }) => id).join(', ')}`);
}

function fingerprint(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex');
}

/**
 * The name of the platform is on its containers, networks and volumes. Where somebody has such, it must be said whose they are: two
 * platforms of one name would take each other's away. Error: `restore_ambiguous`.
 */
async function choosePlatformId(
  { platformId }: Manifest,
  { config, options }: Restoration,
  signal: AbortSignal,
): Promise<string> {
  if (options.traces === 'copy') return randomBytes(4).toString('hex');
  if (options.traces === 'adopt') return platformId;
  const traces = await platformTraces(config.dockerSocket, platformId, signal);
  const { containers, networks, volumes } = traces;
  if (containers + networks + volumes === 0) return platformId;
  throw new CutoverError(
    'restore_ambiguous',
    `Docker has ${containers} containers, ${networks} networks and ${volumes} volumes of the platform ${platformId}`,
  );
}

/** Error: `restore_not_empty`, when somebody else restores here at the same time. */
async function markIncomplete({ restoreMark, root }: DataDirectory, file: string): Promise<void> {
  try {
    await writeFile(restoreMark, `${JSON.stringify({ file, begun: new Date().toISOString() })}\n`, { flag: 'wx' });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    throw new CutoverError('restore_not_empty', `somebody else restores into ${root}`, { cause });
  }
}

interface Verified extends Restoration {
  readonly manifest: Manifest;
  readonly archive: ArchiveTarget;
}

/** Resolves to the migrations that were applied on top. */
async function restoreInto(
  places: BackupPlaces,
  { config, variables, options, manifest, archive }: Verified,
  present: Present,
): Promise<readonly string[]> {
  await using database = await openBackupDatabase(config, present.log);
  const { db } = database;
  present.progress('restores the database');
  await using load = await loadDatabase(db, manifest.migrations);
  const settings = parseSettings(await restoreParts(archive, { manifest, places, load }, present));
  const migrated = await migrate(db);
  await markServingDown(db);
  if (!manifest.keysIncluded) await bringKeys(db, places.directory, resolve(options.keys ?? ''));
  const slots = Math.min(largestSlots, Math.max(config.router.slots, (await highestSlot(db)) + 10));
  const { platformId: _id, ...given } = variables;
  await saveSettings({ ...settings, slots: String(slots), ...given }, config.dataDir);
  return migrated;
}

/** With a token for whoever restores: that of the platform was not in the file either. */
async function bringKeys(db: Kysely<Database>, { keys, adminToken }: DataDirectory, from: string): Promise<void> {
  for (const { id } of await readKeys(from)) {
    await copyFile(join(from, `${id}.key`), join(keys, `${id}.key`));
  }
  const secret = newToken();
  await writeFile(adminToken, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  const record = { id: randomUUID(), name: 'restored', role: 'owner', secretHash: hashToken(secret) } as const;
  await tokenStore(db).create(record, everywhere);
}

async function findMissing(
  { artifacts }: Manifest,
  { images, bundles }: BackupPlaces,
  signal: AbortSignal,
): Promise<readonly MissingArtifact[]> {
  const ids = artifacts.filter(({ type }) => type === 'image').map(({ id }) => id);
  const here = new Set([...(await images.present(ids, signal)), ...(await bundles.list())]);
  return artifacts
    .filter(({ id }) => !here.has(id))
    .flatMap(({ neededBy }) => neededBy)
    .filter(({ serves }) => serves)
    .map(({ project, environment, number, commit }) => ({ project, environment, number, commit }));
}
