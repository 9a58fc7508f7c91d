import { join } from 'node:path';
import { isPostmaster, postmasterPid } from '../../drivers/database/embedded/postmaster.ts';
import type { OperatorLog } from '../../engine/ports/ports.ts';
import { openDatabase, type OpenDatabase } from '../../store/database.ts';
import type { Config } from '../config.ts';
import { addressOf, startEmbedded } from '../database.ts';

/** A table may be large, and whoever reads it waits for the disk that the backup is written to. */
const statementTimeoutMs = 60 * 60_000;

/** As it is, without bringing its tables up to date. An own PostgreSQL that was not running is stopped again. Error: `database_unavailable`. */
export async function openBackupDatabase(config: Config, log: OperatorLog): Promise<OpenDatabase> {
  const ran = await ownPostgresRuns(config);
  const embedded = await startEmbedded(config, log);
  const database = openDatabase({ ...addressOf(config, embedded), poolSize: 2, statementTimeoutMs });
  return {
    ...database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      if (!ran) await embedded?.stop();
    },
  };
}

async function ownPostgresRuns({ dataDir }: Config): Promise<boolean> {
  const data = join(dataDir, 'postgres', 'data');
  const pid = await postmasterPid(data);
  return pid !== null && (await isPostmaster(pid, data));
}
