import { Kysely, PostgresDialect } from 'kysely';
import { Pool, type PoolConfig } from 'pg';
import { guardPool } from './database-guard.ts';
import type { Database } from './schema.ts';
import { columnTypes } from './database-types.ts';

/** Where a PostgreSQL (15 or later) answers. `host` may be the directory of a Unix socket. */
export type DatabaseAddress =
  | { readonly connectionString: string }
  | { readonly host: string; readonly port?: number; readonly user: string; readonly database: string };

export type DatabaseOptions = DatabaseAddress & {
  readonly poolSize: number;
  /** How long one statement may take. Default 15 s. */
  readonly statementTimeoutMs?: number;
  /** How long to wait for a connection, from the server or from the pool. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Told of every connection that is lost or cannot be made. Must not throw. */
  readonly onUnavailable?: (error: Error) => void;
};

export interface OpenDatabase extends AsyncDisposable {
  readonly db: Kysely<Database>;
  /** For what Kysely does not cover. Its errors are not translated; those of `db` are. */
  readonly pool: Pool;
}

/**
 * Opens a pool; connects only when the first statement comes. A statement that PostgreSQL cannot answer (it is down, goes away,
 * or takes too long) fails with `database_unavailable`, and the pool connects again by itself when there is something to
 * connect to. A commit that fails so may have happened.
 */
export function openDatabase(options: DatabaseOptions): OpenDatabase {
  const onUnavailable = options.onUnavailable ?? (() => {});
  const pool = new Pool(poolConfig(options));
  // Without these two listeners the end of a connection (idle in the pool, or held between two statements) ends the process.
  pool.on('error', onUnavailable);
  pool.on('connect', (client) => client.on('error', onUnavailable));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: guardPool(pool, onUnavailable) }) });
  return { db, pool, [Symbol.asyncDispose]: () => db.destroy() };
}

/**
 * Every question that is asked all the time has its index, and to plan it anew takes longer than to answer it: plans are kept. They are made
 * while tables are small, and one that reads a table of a page as a whole would go on to do so when it has thousands.
 */
const plans = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off', enable_bitmapscan: 'off' };

function poolConfig(options: DatabaseOptions): PoolConfig {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  return {
    ...address(options),
    max: options.poolSize,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    statement_timeout: statementTimeoutMs,
    // The server ends a slow statement; this is for a server that is frozen and ends nothing.
    query_timeout: statementTimeoutMs + 2_000,
    idle_in_transaction_session_timeout: 2 * statementTimeoutMs,
    application_name: 'cutover',
    options: Object.entries(plans)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    keepAlive: true,
    // What nobody waits for is sent together with what comes next: see `guardPool`.
    pipeline: true,
    types: columnTypes,
  };
}

function address(options: DatabaseAddress): PoolConfig {
  if ('connectionString' in options) return { connectionString: options.connectionString };
  const { host, port, user, database } = options;
  return { host, user, database, ...(port === undefined ? {} : { port }) };
}
