import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { baseImage, dockerSocket } from './images.ts';
import { processesOf } from './processes.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

const run = promisify(execFile);
/** Of docker.io, like the machine's own. */
const program = 'dockerd';
/** Below the directory of each. */
const data = 'data';
const limitMs = 30_000;
const pollMs = 50;

interface DockerdOptions {
  /** Default: false, as Docker's own. */
  readonly liveRestore?: boolean;
}

export interface OwnDockerd extends AsyncDisposable {
  readonly socket: string;
  readonly docker: Docker;
  /** Where it keeps images, containers and what builds leave. */
  readonly dataRoot: string;
  /** Running already is fine. */
  start(options?: DockerdOptions): Promise<void>;
  /** SIGKILL to dockerd, with which its containerd goes: the containers go on. */
  kill(): Promise<void>;
  /** As a machine that loses its power: dockerd, containerd and every container are gone at once, and what they had in memory too. */
  losePower(): Promise<void>;
}

/** A Docker Engine of one's own, with the base image, that may be killed. It shares nothing with the machine's: no directory, bridge or rule. Root only. */
export async function startOwnDockerd(): Promise<OwnDockerd> {
  await baseImage('node');
  const dockerd = await started(await newDirectory());
  try {
    await dockerd.copyImages(['cutover/base-node:24', 'node:24', 'node:24-slim']);
  } catch (error) {
    await dockerd[Symbol.asyncDispose]();
    throw error;
  }
  return dockerd;
}

/** The same without any image. */
export async function startEmptyDockerd(): Promise<OwnDockerd> {
  return started(await newDirectory());
}

/** The same, with a small disk for all that it keeps. */
export async function startCrampedDockerd(megabytes: number): Promise<OwnDockerd & { readonly disk: SmallDisk }> {
  const dir = await newDirectory();
  const disk = await mountSmallDisk(join(dir, data), megabytes);
  return Object.assign(await started(dir), { disk });
}

function newDirectory(): Promise<string> {
  return mkdtemp('/tmp/cutover-test-dockerd-');
}

async function started(dir: string): Promise<DockerdProcess> {
  const dockerd = new DockerdProcess(dir);
  try {
    await dockerd.start();
  } catch (error) {
    await dockerd[Symbol.asyncDispose]();
    throw error;
  }
  return dockerd;
}

class DockerdProcess implements OwnDockerd {
  readonly socket: string;
  readonly docker: Docker;
  readonly dataRoot: string;
  readonly #dir: string;
  readonly #bridge: string;

  constructor(dir: string) {
    this.#dir = dir;
    this.socket = join(dir, 'docker.sock');
    this.dataRoot = join(dir, data);
    this.docker = new Docker({ socketPath: this.socket });
    this.#bridge = `ct${dir.slice(-6).toLowerCase()}`;
  }

  async start({ liveRestore = false }: DockerdOptions = {}): Promise<void> {
    if (await this.#answers()) return;
    await this.#makeBridge();
    const log = openSync(join(this.#dir, 'dockerd.log'), 'a');
    const child = spawn(program, this.#arguments(liveRestore), { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    await once(child, 'spawn');
    const deadline = performance.now() + limitMs;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`dockerd does not answer: ${await this.#lastWords()}`);
      await sleep(pollMs);
    }
  }

  async copyImages(names: readonly string[]): Promise<void> {
    const images = await new Docker({ socketPath: dockerSocket }).getImage(names[0] ?? '').get();
    const loading = await this.docker.loadImage(images);
    loading.resume();
    await once(loading, 'end');
    for (const name of names.slice(1)) {
      const [repo = '', tag = ''] = name.split(':');
      await this.docker.getImage(names[0] ?? '').tag({ repo, tag });
    }
  }

  async kill(): Promise<void> {
    const containerd = Number(await readFile(join(this.#dir, 'exec', 'containerd', 'containerd.pid'), 'utf8'));
    await this.#end(await this.#dockerd(), 'SIGKILL');
    // A new dockerd takes one that has not been reaped for one that works, and waits for it in vain.
    await until('containerd to be gone', () => !existsSync(`/proc/${containerd}`));
  }

  async losePower(): Promise<void> {
    // First who would start others again.
    await this.#end(await this.#dockerd(), 'SIGKILL');
    for (let pids = this.#processes(); pids.length > 0; pids = this.#processes()) await this.#end(pids, 'SIGKILL');
    await this.#unmount();
    await rm(join(this.#dir, 'exec'), { recursive: true, force: true });
    for (const bridge of await this.#projectBridges()) await run('ip', ['link', 'delete', bridge]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const bridges = await this.#projectBridges();
    await this.#end(await this.#dockerd(), 'SIGTERM');
    for (let pids = this.#processes(); pids.length > 0; pids = this.#processes()) await this.#end(pids, 'SIGKILL');
    await this.#unmount();
    for (const bridge of [...bridges, this.#bridge])
      if ((await links()).includes(bridge)) await run('ip', ['link', 'delete', bridge]);
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** With `none` for a bridge dockerd removes the one that it thinks its own, and with rules it flushes those of another dockerd. */
  #arguments(liveRestore: boolean): string[] {
    const options = {
      'data-root': this.dataRoot,
      'exec-root': join(this.#dir, 'exec'),
      pidfile: join(this.#dir, 'dockerd.pid'),
      host: `unix://${this.socket}`,
      bridge: this.#bridge,
      iptables: 'false',
      ip6tables: 'false',
      'ip-forward': 'false',
      'ip-masq': 'false',
      'live-restore': String(liveRestore),
    };
    return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  }

  async #makeBridge(): Promise<void> {
    if ((await links()).includes(this.#bridge)) return;
    await run('ip', ['link', 'add', this.#bridge, 'type', 'bridge']);
    await run('ip', ['address', 'add', `10.213.${parseInt(this.#dir.slice(-1), 36) + 100}.1/24`, 'dev', this.#bridge]);
    await run('ip', ['link', 'set', this.#bridge, 'up']);
  }

  /** dockerd, containerd, the shims, and what runs in the containers. */
  #processes(): readonly number[] {
    return processesOf(this.#dir, process.pid);
  }

  /** Empty where it does not run. */
  async #dockerd(): Promise<readonly number[]> {
    const text = await readFile(join(this.#dir, 'dockerd.pid'), 'utf8').catch(() => '');
    return this.#processes().filter((pid) => pid === Number(text));
  }

  async #end(pids: readonly number[], signal: NodeJS.Signals): Promise<void> {
    for (const pid of pids) kill(pid, signal);
    await until(`process ${pids.join()} to end`, () => !this.#processes().some((pid) => pids.includes(pid)));
  }

  async #unmount(): Promise<void> {
    const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
    for (const path of mounts.filter((mount) => mount.startsWith(`${this.#dir}/`)).toReversed())
      await run('umount', ['--lazy', path]);
  }

  /** Of the networks that were made, as far as Docker wrote down which. */
  async #projectBridges(): Promise<string[]> {
    const known = await readFile(join(this.dataRoot, 'network', 'files', 'local-kv.db'), 'latin1').catch(() => '');
    const present = (await links()).filter((name) => name.startsWith('br-'));
    return present.filter((name) => known.includes(name));
  }

  async #answers(): Promise<boolean> {
    return this.docker.ping().then(
      () => true,
      () => false,
    );
  }

  async #lastWords(): Promise<string> {
    return (await readFile(join(this.#dir, 'dockerd.log'), 'utf8')).split('\n').slice(-8).join('\n');
  }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await sleep(pollMs);
  }
}

/** One that has ended meanwhile is fine. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function links(): Promise<string[]> {
  return readdir('/sys/class/net');
}
