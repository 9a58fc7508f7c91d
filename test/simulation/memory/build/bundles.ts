import { createHash } from 'node:crypto';
import type { StoredBundle } from '../../../../src/engine/ports/static-files.ts';
import { answerWith, type AppAnswer, type AppRequest, type Connection, type Endpoint } from '../endpoints.ts';
import type { TarFile } from './tar.ts';

/** The bundles on this machine and the web server that serves them. */
export class Bundles {
  readonly #byHash = new Map<string, ReadonlyMap<string, string>>();
  readonly #endpoints = new Map<string, Endpoint>();
  /** The web server answers. */
  isServing = false;

  /** The same files are one bundle. */
  put(files: readonly TarFile[]): StoredBundle {
    const total = createHash('sha256');
    const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    for (const { path, content, executable } of sorted) {
      total.update(`${executable ? '100755' : '100644'} ${content.length} ${path}\0`).update(content);
    }
    const bundle = total.digest('hex');
    this.#byHash.set(bundle, new Map(sorted.map(({ path, content }) => [path, content.toString()])));
    return { bundle, sizeBytes: files.reduce((sum, { content }) => sum + content.length, 0), files: files.length };
  }

  has(bundle: string): boolean {
    return this.#byHash.has(bundle);
  }

  remove(bundle: string): void {
    this.#byHash.delete(bundle);
  }

  list(): readonly string[] {
    return [...this.#byHash.keys()];
  }

  /** What answers for a bundle; null while nothing does. */
  readonly lookup = (bundle: string, spa: boolean): Endpoint | null => {
    if (!this.isServing) return null;
    const key = `${bundle}:${spa ? 1 : 0}`;
    const known = this.#endpoints.get(key);
    if (known !== undefined) return known;
    const endpoint = new BundleEndpoint(bundle, spa, () => this.#byHash.get(bundle) ?? null);
    this.#endpoints.set(key, endpoint);
    return endpoint;
  };
}

class BundleEndpoint implements Endpoint {
  readonly name: string;
  readonly connections = new Set<Connection>();
  readonly #spa: boolean;
  readonly #files: () => ReadonlyMap<string, string> | null;

  constructor(bundle: string, spa: boolean, files: () => ReadonlyMap<string, string> | null) {
    this.name = `static:${bundle}`;
    this.#spa = spa;
    this.#files = files;
  }

  take({ path, takesMs }: AppRequest): AppAnswer {
    const files = this.#files();
    const name = (path.split('?', 1)[0] ?? '').slice(1);
    const candidates = [name, name === '' || name.endsWith('/') ? `${name}index.html` : `${name}/index.html`];
    const found = [...candidates, ...(this.#spa ? ['index.html'] : [])].find((one) => files?.has(one) === true);
    if (found === undefined) return answerWith({ status: 404, body: 'not found' });
    return answerWith({ contentType: 'text/html', body: files?.get(found) ?? '', bodyMs: takesMs });
  }
}
