import { mkdtemp, rm } from 'node:fs/promises';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../../src/drivers/database/embedded/embedded-postgres.ts';
import { openDatabase, type OpenDatabase } from '../../../src/store/database.ts';
import { migrate } from '../../../src/store/migrate.ts';

/** A PostgreSQL of the bench's own, with the settings that the platform gives its own: every commit is on the disk. */
export interface OwnDatabase extends AsyncDisposable {
  readonly cluster: EmbeddedPostgres;
  /** A pool as large as the platform's. */
  readonly database: OpenDatabase;
  /** Of the server; its sessions are its children. */
  readonly pid: number;
}

/** As in production. */
const poolSize = 12;
/** For what is filled in at once. */
const statementTimeoutMs = 600_000;

/** Gone with its disposal. */
export async function openOwnDatabase(): Promise<OwnDatabase> {
  const directory = await mkdtemp('/tmp/cutover-bench-pg-');
  const cluster = await startEmbeddedPostgres({ dataDir: directory, log: () => {} });
  const database = openDatabase({ ...cluster.address, poolSize, statementTimeoutMs });
  await migrate(database.db);
  const pid = await cluster.pid();
  if (pid === null) throw new Error('PostgreSQL has just answered, and does not run');
  return {
    cluster,
    database,
    pid,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await cluster.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
