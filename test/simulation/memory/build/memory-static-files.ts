import { CutoverError } from '../../../../src/domain/errors.ts';
import type { StaticFiles, StoredBundle } from '../../../../src/engine/ports/static-files.ts';
import type { Caller } from '../runtime/reach.ts';
import type { Bundles } from './bundles.ts';
import type { Checkouts } from './checkouts.ts';
import type { UploadFiles } from '../memory-uploads.ts';
import { readTar, type TarFile } from './tar.ts';

export interface StaticFilesParts {
  readonly bundles: Bundles;
  readonly checkouts: Checkouts;
  readonly uploads: Pick<UploadFiles, 'read'>;
}

/** The bundles of the world, as one control plane reaches them. */
export class MemoryStaticFiles implements StaticFiles {
  readonly #parts: StaticFilesParts;
  readonly #life: AbortSignal;

  constructor(parts: StaticFilesParts, { life }: Pick<Caller, 'life'>) {
    this.#parts = parts;
    this.#life = life;
  }

  async ensureRunning(signal: AbortSignal): Promise<void> {
    this.#begin(signal);
    this.#parts.bundles.isServing = true;
  }

  async putTar(tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredBundle> {
    this.#begin(signal);
    const chunks: Uint8Array[] = [];
    for await (const chunk of tar) {
      this.#begin(signal);
      chunks.push(chunk);
    }
    this.#begin(signal);
    return this.#put(readTar(Buffer.concat(chunks)));
  }

  async putDirectory(path: string, signal: AbortSignal): Promise<StoredBundle> {
    this.#begin(signal);
    const place = this.#parts.checkouts.resolve(path);
    const files = place?.commit.filesBelow(place.directory) ?? new Map<string, string>();
    const kept = [...files].filter(([name]) => !name.split('/').includes('.git'));
    return this.#put(kept.map(([name, text]) => ({ path: name, content: Buffer.from(text), executable: false })));
  }

  /** Only of tars. */
  async putArchive(path: string, signal: AbortSignal): Promise<StoredBundle> {
    this.#begin(signal);
    const archive = this.#parts.uploads.read(path);
    if (archive === null) throw new CutoverError('upload_gone', `there is nothing at ${path}`);
    return this.#put(readTar(archive));
  }

  async has(bundle: string): Promise<boolean> {
    return this.#parts.bundles.has(checked(bundle));
  }

  async remove(bundle: string): Promise<void> {
    this.#life.throwIfAborted();
    this.#parts.bundles.remove(checked(bundle));
  }

  async list(): Promise<readonly string[]> {
    return this.#parts.bundles.list();
  }

  #put(files: readonly TarFile[]): StoredBundle {
    if (files.length === 0) throw new CutoverError('build_empty_output', 'There are no files to serve.');
    return this.#parts.bundles.put(files);
  }

  #begin(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#life.throwIfAborted();
  }
}

/** Errors: `invalid_input`. */
function checked(bundle: string): string {
  if (/^[0-9a-f]{64}$/.test(bundle)) return bundle;
  throw new CutoverError('invalid_input', `${JSON.stringify(bundle)} is not a bundle: 64 hex digits are needed.`);
}
