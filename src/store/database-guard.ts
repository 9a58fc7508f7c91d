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
  /** To the server. */
  readonly connection?: { readonly stream?: Corkable };
}

/** As streams of Node have it: between the two nothing is written. */
interface Corkable {
  cork(): void;
  uncork(): void;
}

class GuardedClient implements PostgresPoolClient {
  readonly #client: NamingClient;
  readonly #prepared: PreparedStatements;
  readonly #onUnavailable: OnUnavailable;
  /** What was sent and not waited for. */
  #unread: Promise<unknown> | null = null;
  /** It goes with what comes next. */
  #corked: Corkable | null = null;
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
    const isUnread = opensTransaction.test(sql) || sql.startsWith(unread);
    if (isUnread) this.#cork();
    const [before, answer] = [this.#unread, this.#answer<R>(sql, parameters)];
    const both = Promise.all([before, answer]).then(([, result]) => result);
    if (isUnread) return this.#goOn(both);
    this.#uncork();
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

  /** Statements that are sent at once are one write for us, and one to wake up for at the server. Where nothing follows at once, it goes alone. */
  #cork(): void {
    const stream = this.#client.connection?.stream;
    if (stream === undefined || this.#corked !== null) return;
    stream.cork();
    this.#corked = stream;
    setImmediate(() => this.#uncork());
  }

  #uncork(): void {
    this.#corked?.uncork();
    this.#corked = null;
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
