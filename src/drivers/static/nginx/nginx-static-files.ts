import { readFile } from 'node:fs/promises';
import { CutoverError } from '../../../domain/errors.ts';
import type { StaticFiles, StoredBundle } from '../../../engine/ports/static-files.ts';
import { BundleStore } from './bundle-store.ts';
import { nginxConfig } from './nginx-config.ts';
import { NginxProcess } from './nginx-process.ts';

export interface NginxStaticFilesOptions {
  /** Absolute path of a directory that belongs to the static files alone. Its parents must let other users through. */
  readonly dir: string;
  /** For instance `/usr/sbin/nginx`. */
  readonly nginxBin: string;
  /** `bin/supervise`. */
  readonly supervisePath: string;
  /** Unix socket on which the router reaches it; at most 100 bytes. */
  readonly socketPath: string;
  readonly log: { info(details: object, message: string): void };
}

export interface NginxStaticFiles extends StaticFiles {
  /** Stops web server and supervisor. Only for shutting the whole platform down: visitors need them. */
  stop(signal: AbortSignal): Promise<void>;
}

/** Bundles on disk, served by an nginx of our own, never the system's. Call it once per `dir`. */
export async function createNginxStaticFiles(options: NginxStaticFilesOptions): Promise<NginxStaticFiles> {
  if (Buffer.byteLength(options.socketPath) > 100) {
    throw new CutoverError(
      'invalid_input',
      `The path of nginx' socket is longer than 100 bytes: ${options.socketPath}`,
    );
  }
  const user = process.getuid?.() === 0 ? await unprivilegedUser() : null;
  const store = new BundleStore(options.dir);
  await store.prepare();
  const server = new NginxProcess({ ...options, user }, nginxConfig({ ...options, user }));
  return new StoreAndServer(store, server);
}

class StoreAndServer implements NginxStaticFiles {
  readonly #store: BundleStore;
  readonly #server: NginxProcess;

  constructor(store: BundleStore, server: NginxProcess) {
    this.#store = store;
    this.#server = server;
  }

  ensureRunning(signal: AbortSignal): Promise<void> {
    return this.#server.ensureRunning(signal);
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#server.stop(signal);
  }

  putTar(tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredBundle> {
    return this.#store.putTar(tar, signal);
  }

  putDirectory(path: string, signal: AbortSignal): Promise<StoredBundle> {
    return this.#store.putDirectory(path, signal);
  }

  putArchive(path: string, signal: AbortSignal): Promise<StoredBundle> {
    return this.#store.putArchive(path, signal);
  }

  has(bundle: string): Promise<boolean> {
    return this.#store.has(bundle);
  }

  remove(bundle: string): Promise<void> {
    return this.#store.remove(bundle);
  }

  list(): Promise<readonly string[]> {
    return this.#store.list();
  }
}

/** `www-data` or `nobody`, whichever this machine has, with its group. */
async function unprivilegedUser(): Promise<{ readonly name: string; readonly group: string }> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const groups = (await readFile('/etc/group', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['www-data', 'nobody']) {
    const gid = users.find((fields) => fields[0] === name)?.[3];
    const group = groups.find((fields) => fields[2] === gid)?.[0];
    if (gid !== undefined && group !== undefined) return { name, group };
  }
  throw new CutoverError(
    'static_server_unavailable',
    'There is neither a user www-data nor nobody for nginx to serve as.',
  );
}
