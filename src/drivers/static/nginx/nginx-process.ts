import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import { type NginxConfig, pingHost, versionHeader } from './nginx-config.ts';

export interface NginxProcessOptions {
  readonly dir: string;
  readonly nginxBin: string;
  readonly supervisePath: string;
  readonly socketPath: string;
  /** Who must be able to read the bundles; null when nginx runs as the platform itself. */
  readonly user: { readonly name: string } | null;
  readonly log: { info(details: object, message: string): void };
}

const startTimeoutMs = 10_000;
const pingTimeoutMs = 2000;
const pollMs = 30;

/**
 * nginx as a process of its own, kept alive by the supervisor: it outlives the control plane, which finds it again by its
 * socket. A server with another configuration than ours is given ours by a reload.
 */
export class NginxProcess {
  readonly #options: NginxProcessOptions;
  readonly #config: NginxConfig;

  constructor(options: NginxProcessOptions, config: NginxConfig) {
    this.#options = options;
    this.#config = config;
  }

  async ensureRunning(signal: AbortSignal): Promise<void> {
    const running = await this.#ping(signal);
    if (running === this.#config.version) return;
    await this.#writeConfig();
    if (running === null) this.#start();
    else await this.#signalFrom(this.#own('nginx.pid'), 'SIGHUP');
    await this.#untilCurrent(signal);
    this.#options.log.info({ socket: this.#options.socketPath }, running === null ? 'nginx started' : 'nginx reloaded');
  }

  /** Ends the supervisor, and nginx with it. Nothing running is fine. */
  async stop(signal: AbortSignal): Promise<void> {
    const stopped = await this.#signalFrom(this.#own('supervise.pid'), 'SIGTERM');
    if (!stopped) await this.#signalFrom(this.#own('nginx.pid'), 'SIGTERM');
    const deadline = performance.now() + startTimeoutMs;
    while ((await this.#ping(signal)) !== null || (await exists(this.#own('supervise.pid')))) {
      if (performance.now() > deadline) throw unavailable('nginx did not stop in time');
      await delay(pollMs, undefined, { signal });
    }
  }

  #own(name: string): string {
    return join(this.#options.dir, 'nginx', name);
  }

  async #writeConfig(): Promise<void> {
    const { dir, socketPath, user } = this.#options;
    await mkdir(this.#own('tmp'), { recursive: true, mode: 0o755 });
    await mkdir(dirname(socketPath), { recursive: true });
    await chmod(dir, 0o755);
    if (user !== null) await refuseHiddenDirectory(join(dir, 'bundles'), user.name);
    const next = this.#own('nginx.conf.new');
    await writeFile(next, this.#config.text);
    await rename(next, this.#own('nginx.conf'));
  }

  /** The socket of a killed nginx is still there and would keep a new one from listening: the fixed script removes it first. */
  #start(): void {
    const { supervisePath, nginxBin, socketPath, dir } = this.#options;
    const nginx = [nginxBin, '-p', `${join(dir, 'nginx')}/`, '-c', this.#own('nginx.conf'), '-e', 'stderr'];
    const fresh = ['/bin/sh', '-c', 'rm -f -- "$1"; shift; exec "$@"', 'nginx', socketPath, ...nginx];
    const args = ['nginx', this.#own('supervise.pid'), this.#own('nginx.log'), ...fresh];
    const supervisor = spawn(supervisePath, args, { detached: true, stdio: 'ignore', cwd: '/' });
    supervisor.once('error', (err) => this.#options.log.info({ err }, 'the supervisor of nginx could not be started'));
    supervisor.unref();
  }

  async #untilCurrent(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + startTimeoutMs;
    while ((await this.#ping(signal)) !== this.#config.version) {
      if (performance.now() > deadline) throw unavailable(`nginx does not come up: ${await this.#lastWords()}`);
      await delay(pollMs, undefined, { signal });
    }
  }

  async #lastWords(): Promise<string> {
    if (!(await exists(this.#own('nginx.log')))) return 'it could not be started';
    const text = await readFile(this.#own('nginx.log'), 'utf8');
    return text.trimEnd().split('\n').slice(-3).join(' / ');
  }

  /** Version of the configuration the server has; null when none answers. */
  #ping(signal: AbortSignal): Promise<string | null> {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<string | null>();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(pingTimeoutMs)]);
    const { socketPath } = this.#options;
    request({ socketPath, path: '/', headers: { host: pingHost }, agent: false, signal: limit }, (response) => {
      response.resume();
      resolve(String(response.headers[versionHeader]));
    })
      .once('error', () => resolve(null))
      .end();
    return promise;
  }

  /** false when there is no such process. */
  async #signalFrom(pidFile: string, name: NodeJS.Signals): Promise<boolean> {
    if (!(await exists(pidFile))) return false;
    const pid = Number((await readFile(pidFile, 'utf8')).trim());
    if (!Number.isInteger(pid) || pid <= 1) return false;
    try {
      process.kill(pid, name);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
      throw error;
    }
  }
}

function unavailable(message: string): CutoverError {
  return new CutoverError('static_server_unavailable', message);
}

/** nginx' worker is another user: every directory on the way must let it through. */
async function refuseHiddenDirectory(path: string, user: string): Promise<void> {
  for (let directory = path; directory !== '/'; directory = dirname(directory)) {
    const { mode } = await stat(directory);
    if ((mode & 0o001) === 0) {
      throw unavailable(`${directory} does not let ${user} through, as whom nginx serves: chmod o+x ${directory}`);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
