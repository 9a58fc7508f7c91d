import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import { type NginxConfig, pingHost, versionHeader } from './nginx-config.ts';
import { startScript } from './start-script.ts';
import { Supervision } from './supervision.ts';

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
  readonly #supervision: Supervision;

  constructor(options: NginxProcessOptions, config: NginxConfig) {
    this.#options = options;
    this.#config = config;
    const { supervisePath, socketPath, nginxBin } = options;
    const nginx = [nginxBin, '-p', this.#own(''), '-c', this.#own('nginx.conf'), '-e', 'stderr'];
    this.#supervision = new Supervision({
      supervisePath,
      pidFile: this.#own('supervise.pid'),
      logFile: this.#own('nginx.log'),
      command: ['/bin/sh', this.#own('start'), socketPath, ...nginx],
    });
  }

  async ensureRunning(signal: AbortSignal): Promise<void> {
    const running = await this.#ping(signal);
    const supervised = await this.#supervision.runs();
    if (running === this.#config.version && supervised) return;
    await this.#writeConfig();
    if (!supervised) await this.#supervision.start();
    if (running !== null && running !== this.#config.version) await this.#supervision.reload();
    await this.#untilCurrent(signal);
    this.#options.log.info(
      { socket: this.#options.socketPath },
      running === null ? 'nginx started' : 'nginx taken over',
    );
  }

  /** Ends the supervisor, and nginx with it. Nothing running is fine. */
  stop(signal: AbortSignal): Promise<void> {
    return this.#supervision.stop(signal);
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
    await this.#replace('start', startScript);
    await this.#replace('nginx.conf', this.#config.text);
  }

  async #replace(name: string, content: string): Promise<void> {
    await writeFile(this.#own(`${name}.new`), content);
    await rename(this.#own(`${name}.new`), this.#own(name));
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
