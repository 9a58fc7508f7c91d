import { startEmbeddedPostgres, type EmbeddedPostgres } from '../drivers/database/embedded/embedded-postgres.ts';
import type { OperatorLog } from '../engine/ports/ports.ts';
import { openDatabase, type DatabaseAddress, type OpenDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import type { Config } from './config.ts';

export interface PlatformDatabase extends OpenDatabase {
  readonly address: DatabaseAddress;
  /** null with a database of the user's own. */
  readonly embedded: EmbeddedPostgres | null;
  /** Called when a connection fails: an embedded server that died is started again. */
  revive(): void;
}

const poolSize = 12;

/** Starts or attaches to PostgreSQL and brings its tables up to date. Error: `database_unavailable`. */
export async function openPlatformDatabase(config: Config, log: OperatorLog): Promise<PlatformDatabase> {
  const embedded = await startEmbedded(config, log);
  const address = addressOf(config, embedded);
  const revive = () => {
    embedded
      ?.ensureRunning()
      .catch((error: unknown) => log.error({ error: String(error) }, 'PostgreSQL could not be started again'));
  };
  const database = openDatabase({ ...address, poolSize, onUnavailable: revive });
  await migrate(database.db);
  return { ...database, address, embedded, revive };
}

/** null with a database of the user's own. Error: `database_unavailable`. */
export async function startEmbedded(config: Config, log: OperatorLog): Promise<EmbeddedPostgres | null> {
  if (config.database.kind === 'external') return null;
  const { user } = config.database;
  return startEmbeddedPostgres({
    dataDir: config.dataDir,
    log: (message) => log.info({}, message),
    ...(user === null ? {} : { user }),
  });
}

export function addressOf(config: Config, embedded: EmbeddedPostgres | null): DatabaseAddress {
  if (config.database.kind === 'external') return { connectionString: config.database.url };
  if (embedded === null) throw new Error('the embedded database was not started');
  return embedded.address;
}
