import { Client, type ClientConfig } from 'pg';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from './schema.ts';

const channel = 'cutover';
/** First half of the advisory lock that says a control plane lives; the second is its owner number. */
export const ownerLockClass = 0x4355;

/** Tells every control plane, at commit, that there may be something to do or to show. */
export async function notifyAll(db: Kysely<Database>, deploymentId: string): Promise<void> {
  await tellAll(deploymentId).execute(db);
}

/** The same as a statement, to be sent with others. */
export function tellAll(deploymentId: string): RawBuilder<unknown> {
  return sql`select ${notify(sql`${deploymentId}`)}`;
}

/** The same as an expression, of the id of a deployment as text. */
export function notify(deploymentId: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`pg_notify(${channel}, ${deploymentId})`;
}

interface WakeupsOptions {
  readonly connection: ClientConfig;
  /** Number of this process (31 bits); its lock is held as long as the session lives, so that others see its death at once. */
  readonly owner: number;
  readonly onWakeup: (deploymentId: string) => void;
  readonly onLost: (error: Error) => void;
}

const reconnectDelayMs = 250;

/**
 * One database session that listens and holds the owner's lock; connects again by itself. Wake-ups are a courtesy: whoever
 * waits for one also polls.
 */
export class WakeupSession implements AsyncDisposable {
  readonly #options: WakeupsOptions;
  #client: Client | null = null;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: WakeupsOptions) {
    this.#options = options;
  }

  /** Resolves when it listens for the first time. */
  async open(): Promise<void> {
    const { connection, owner, onWakeup, onLost } = this.#options;
    const client = new Client({ ...connection, application_name: 'cutover listener', keepAlive: true });
    client.on('error', onLost);
    client.on('notification', (message) => onWakeup(message.payload ?? ''));
    client.once('end', () => this.#reopen());
    await client.connect();
    await client.query('select pg_advisory_lock($1::int, $2::int)', [ownerLockClass, owner]);
    await client.query(`listen ${channel}`);
    this.#client = client;
    onWakeup('');
  }

  #reopen(): void {
    this.#client = null;
    if (this.#closed || this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.open().catch((error: Error) => {
        this.#options.onLost(error);
        this.#reopen();
      });
    }, reconnectDelayMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#client?.end();
  }
}
