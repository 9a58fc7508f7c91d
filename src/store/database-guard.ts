import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { Pool } from 'pg';
import { CutoverError } from '../domain/errors.ts';
import { translateDatabaseError } from './database-errors.ts';
import { PreparedStatements } from './prepared-statements.ts';

type OnUnavailable = (error: Error) => void;

/** The pool as Kysely sees it: errors translated, and a connection that failed is thrown away instead of going back. */
export function guardPool(pool: Pool, onUnavailable: OnUnavailable): PostgresPool {
  const guarded = new WeakMap<PostgresPoolClient, GuardedClient>();
  const prepared = new PreparedStatements();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client: PostgresPoolClient & NamingClient = await translated(pool.connect(), onUnavailable);
      const known = guarded.get(client) ?? new GuardedClient(client, prepared, onUnavailable);
      guarded.set(client, known);
      return known;
    },
  };
}

const opensTransaction = /^(?:begin|start transaction)\b/;

/**
 * A statement that begins with this is not waited for: in a transaction that goes on with the next one, or with its end, which fails where
 * this one did. Nobody reads what it answers.
 */
export const unread = '/* unread */';

/** As `pg` has it. With a name the statement is read and planned once in the session. */
interface NamingClient {
  query<R>(statement: {
    readonly text: string;
    readonly values: readonly unknown[];
    readonly name?: string;
  }): Promise<PostgresQueryResult<R>>;
  release(destroy?: boolean): void;
}

class GuardedClient implements PostgresPoolClient {
  readonly #client: NamingClient;
  readonly #prepared: PreparedStatements;
  readonly #onUnavailable: OnUnavailable;
  /** What was sent and not waited for. */
  #unread: Promise<unknown> | null = null;
  #broken = false;

  constructor(client: NamingClient, prepared: PreparedStatements, onUnavailable: OnUnavailable) {
    this.#client = client;
    this.#prepared = prepared;
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
    const [before, answer] = [this.#unread, this.#answer<R>(sql, parameters)];
    const both = Promise.all([before, answer]).then(([, result]) => result);
    if (opensTransaction.test(sql) || sql.startsWith(unread)) return this.#goOn(both);
    this.#unread = null;
    return translated(both, (error) => {
      this.#broken = true;
      this.#onUnavailable(error);
    });
  }

  /** The next statement goes after it without a wait: the server takes them in this order. What is wrong with it is told with that. */
  async #goOn<R>(answer: Promise<unknown>): Promise<PostgresQueryResult<R>> {
    answer.catch(() => undefined);
    this.#unread = answer;
    return { command: 'SELECT', rowCount: 0, rows: [] };
  }

  #answer<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    const name = parameters.length === 0 ? null : this.#prepared.nameFor(text);
    return this.#client.query<R>({ text, values: parameters, ...(name === null ? {} : { name }) });
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
