import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { installedPackage } from '../../drivers/database/embedded/binaries.ts';
import { openDatabase } from '../../store/database.ts';
import type { Config } from '../config.ts';
import { failed, reason, versioned, type Check } from './check.ts';

const connectTimeoutMs = 5_000;

/** The database of the settings, while no control plane uses it: the user's own answers, or the binaries for one are there. */
export async function checkDatabase(database: Config['database']): Promise<Check> {
  try {
    return database.kind === 'external' ? await askExternal(database.url) : await checkBinaries(installedPackage());
  } catch (error) {
    return failed('postgresql', reason(error));
  }
}

async function checkBinaries(packageDirectory: string): Promise<Check> {
  const postgres = join(packageDirectory, 'native', 'bin', 'postgres');
  await access(postgres, constants.X_OK);
  return { name: 'postgresql', status: 'ok', found: postgres, fix: null };
}

async function askExternal(connectionString: string): Promise<Check> {
  await using database = openDatabase({ connectionString, poolSize: 1, connectTimeoutMs });
  const { rows } = await database.pool.query<{ server_version: string }>('show server_version');
  return versioned('postgresql', `PostgreSQL ${rows[0]?.server_version ?? ''} at DATABASE_URL`);
}
