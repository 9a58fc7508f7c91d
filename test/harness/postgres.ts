import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/drivers/database/embedded/embedded-postgres.ts';
import { openDatabase, type DatabaseOptions, type OpenDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

export interface TestPostgres extends AsyncDisposable {
  /** For `openDatabase`, with room for a `poolSize` of one's own. */
  readonly address: EmbeddedPostgres['address'];
  readonly cluster: EmbeddedPostgres;
  /** The cluster's data directory is under it. */
  readonly directory: string;
  /** Opens the database, brings the schema up to date; the caller disposes of it before this. */
  open(options?: Partial<DatabaseOptions>): Promise<OpenDatabase>;
}

/** For a throwaway: a crash of the machine may lose everything, a crash of PostgreSQL nothing. */
const fastSettings = { fsync: 'off', full_page_writes: 'off' };

/** A cluster of its own in a temporary directory, gone with its disposal (stopped also when the process ends before that). */
export async function startTestPostgres(): Promise<TestPostgres> {
  const directory = await mkdtemp('/tmp/cutover-test-pg-');
  const cluster = await startEmbeddedPostgres({ dataDir: directory, log: () => {}, settings: fastSettings });
  const killOnExit = () => killPostmaster(join(directory, 'postgres', 'data', 'postmaster.pid'));
  process.on('exit', killOnExit);
  return {
    address: cluster.address,
    cluster,
    directory,
    async open(overrides = {}) {
      const database = openDatabase({ ...cluster.address, poolSize: 5, ...overrides });
      await migrate(database.db);
      return database;
    },
    async [Symbol.asyncDispose]() {
      await cluster.stop();
      process.off('exit', killOnExit);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function killPostmaster(lockFile: string): void {
  if (!existsSync(lockFile)) return;
  process.kill(Number(readFileSync(lockFile, 'utf8').split('\n')[0]), 'SIGQUIT');
}
