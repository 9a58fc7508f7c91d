import { resolve } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import type { CreateBackupOptions, CreatedBackup } from '../../cli/backup-operations.ts';
import { writeArchive } from '../../drivers/backup/archive-file.ts';
import type { OperatorLog } from '../../engine/ports/ports.ts';
import { dumpDatabase } from '../../store/backup/dump-database.ts';
import type { Config } from '../config.ts';
import { readPlatformId, refuseHalfRestored } from '../data-directory.ts';
import type { EnvironmentVariables } from '../environment-variables.ts';
import { withSavedSettings } from '../saved-settings.ts';
import { BackupContents } from './backup-contents.ts';
import { openBackupDatabase } from './backup-database.ts';
import { backupPlaces, type Attendance } from './backup-places.ts';
import { readPassphrase } from './passphrase.ts';
import { summarise } from './summary.ts';
import type { Manifest } from './manifest.ts';

/** Errors: `usage`, `not_found`, `already_exists`, `database_unavailable`, `runtime_unavailable`, `disk_full`. */
export async function createBackup(
  config: Config,
  options: CreateBackupOptions,
  { log, ...attendance }: Attendance & { readonly log: OperatorLog },
): Promise<CreatedBackup> {
  const passphrase = await readPassphrase(options.passphraseFile);
  refuseOpenKeys(options.withoutKeys, passphrase);
  const places = backupPlaces(config);
  await refuseHalfRestored(places.directory);
  const platformId = await readPlatformId(places.directory);
  if (platformId === null) throw new CutoverError('not_found', `there is no platform in ${config.dataDir}`);
  const path = resolve(options.file ?? defaultName(platformId, passphrase !== null));
  await using database = await openBackupDatabase(config, log);
  await using dump = await dumpDatabase(database.db);
  const wishes = { artifacts: options.artifacts, logs: options.logs, keys: !options.withoutKeys };
  const settings = await portableSettings(config);
  const contents = new BackupContents({ dump, places, platformId, settings, wishes }, attendance);
  const made: { manifest?: Manifest } = {};
  const blocks = async function* () {
    made.manifest = yield* contents.blocks();
  };
  const sizeBytes = await writeArchive({ path, passphrase }, blocks(), attendance.signal);
  if (made.manifest === undefined) throw new Error('a backup was written without a manifest');
  return { ...summarise(made.manifest, { path, passphrase }), sizeBytes };
}

/** Whoever has the keys and the rows can read every secret. */
function refuseOpenKeys(withoutKeys: boolean, passphrase: string | null): void {
  if (withoutKeys || passphrase !== null) return;
  throw new CutoverError(
    'usage',
    'the keys of all secrets would be in the file: encrypt it with --passphrase-file, or leave them out with --without-keys',
  );
}

/** What a restored platform goes on with. Where it keeps its data, and what only this machine may know, is not among it. */
async function portableSettings({ dataDir }: Config): Promise<EnvironmentVariables> {
  const saved = await withSavedSettings({ dataDir }, process.getuid?.() === 0);
  const { dataDir: _dir, databaseUrl: _url, databaseUser: _user, platformId: _id, ...portable } = saved;
  return portable;
}

function defaultName(platformId: string, sealed: boolean): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  return `cutover-${platformId}-${time}.tar.zst${sealed ? '.sealed' : ''}`;
}
