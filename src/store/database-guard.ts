import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { Pool } from 'pg';
import { CutoverError } from '../domain/errors.ts';
import { translateDatabaseError } from './database-errors.ts';

type OnUnavailable = (error: Error) => void;

/** The pool as Kysely sees it: errors translated, and a connection that failed is thrown away instead of going back. */
export function guardPool(pool: Pool, onUnavailable: OnUnavailable): PostgresPool {
  const guarded = new WeakMap<PostgresPoolClient, GuardedClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client: PostgresPoolClient = await translated(pool.connect(), onUnavailable);
      const known = guarded.get(client) ?? new GuardedClient(client, onUnavailable);
      guarded.set(client, known);
      return known;
    },
  };
}

class GuardedClient implements PostgresPoolClient {
  readonly #client: PostgresPoolClient;
  readonly #onUnavailable: OnUnavailable;
  #broken = false;

  constructor(client: PostgresPoolClient, onUnavailable: OnUnavailable) {
    this.#client = client;
    this.#onUnavailable = onUnavailable;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    sql: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof sql !== 'string') throw new CutoverError('internal', 'cursors are not set up');
    return this.#run<R>(sql, parameters);
  }

  #run<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    return translated(this.#client.query<R>(sql, parameters), (error) => {
      this.#broken = true;
      this.#onUnavailable(error);
    });
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#broken);
  }
}

async function translated<T>(work: Promise<T>, onUnavailable: OnUnavailable): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const translation = translateDatabaseError(error);
    if (translation !== error && error instanceof Error) onUnavailable(error);
    throw translation;
  }
}
