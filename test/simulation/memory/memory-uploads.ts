import { createHash } from 'node:crypto';
import { CutoverError } from '../../../src/domain/errors.ts';
import type { Upload } from '../../../src/domain/source.ts';
import type { Clock } from '../../../src/engine/ports/clock.ts';
import type { Random } from '../../../src/engine/ports/random.ts';
import type { ReceiveRequest, Uploads } from '../../../src/engine/ports/uploads.ts';

const root = '/uploads';

interface Received {
  readonly bytes: Buffer;
  readonly at: number;
}

/** What was sent to this machine, by id. */
export class UploadFiles {
  readonly #byId = new Map<string, Received>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(id: string, bytes: Buffer): void {
    this.#byId.set(id, { bytes, at: this.#now() });
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  list(quietMs: number): readonly string[] {
    return [...this.#byId].filter(([, { at }]) => this.#now() - at >= quietMs).map(([id]) => id);
  }

  /** By the path that a control plane was told. */
  read(path: string): Buffer | null {
    return this.#byId.get(path.slice(root.length + 1))?.bytes ?? null;
  }
}

interface Caller {
  readonly clock: Clock;
  readonly random: Random;
  readonly life: AbortSignal;
}

/** The uploads of the world, as one control plane reaches them. */
export class MemoryUploads implements Uploads {
  readonly #files: UploadFiles;
  readonly #caller: Caller;

  constructor(files: UploadFiles, caller: Caller) {
    this.#files = files;
    this.#caller = caller;
  }

  async receive({ filename, bytes }: ReceiveRequest, signal: AbortSignal): Promise<Upload> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      this.#caller.life.throwIfAborted();
      chunks.push(chunk);
    }
    const whole = Buffer.concat(chunks);
    if (whole.length === 0) throw new CutoverError('invalid_input', 'nothing was sent: the body is empty');
    const id = this.#caller.random.id();
    this.#files.put(id, whole);
    const sha256 = createHash('sha256').update(whole).digest('hex');
    return { id, filename, sizeBytes: whole.length, sha256 };
  }

  async path(id: string): Promise<string> {
    this.#caller.life.throwIfAborted();
    if (this.#files.has(id)) return `${root}/${id}`;
    throw new CutoverError('upload_gone', 'what was sent is not on this machine any more');
  }

  async remove(id: string): Promise<void> {
    this.#caller.life.throwIfAborted();
    this.#files.remove(id);
  }

  async list(quietMs: number): Promise<readonly string[]> {
    return this.#files.list(quietMs);
  }
}
