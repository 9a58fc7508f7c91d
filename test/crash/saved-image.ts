import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Docker from 'dockerode';
import { dockerSocket } from '../harness/images.ts';

const docker = new Docker({ socketPath: dockerSocket });

/** An image as `docker save` writes it, in a file that goes with it. */
export class SavedImage implements AsyncDisposable {
  readonly path: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, 'image.tar');
  }

  static async of(imageId: string): Promise<SavedImage> {
    const saved = new SavedImage(await mkdtemp('/tmp/cutover-test-crash-image-'));
    await pipeline(await docker.getImage(imageId).get(), createWriteStream(saved.path));
    return saved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
