import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkout } from '../../../engine/ports/source.ts';

/**
 * Work trees by owner: `<dir>/<owner>/tree`. They are plain files without a `.git`: nothing in a build can reach the mirror,
 * and to remove one is to remove a directory.
 */
export class Worktrees {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** What `fill` wrote into an empty directory; nothing where it failed. It may use a file `index` on the way. */
  async create(owner: string, fill: (workTree: string, index: string) => Promise<void>): Promise<Checkout> {
    await this.remove(owner);
    const path = join(this.#dir, owner, 'tree');
    const index = join(this.#dir, owner, 'index');
    await mkdir(path, { recursive: true });
    try {
      await fill(path, index);
      await rm(index, { force: true });
    } catch (error) {
      await this.remove(owner);
      throw error;
    }
    return { path };
  }

  async remove(owner: string): Promise<void> {
    await rm(join(this.#dir, owner), { recursive: true, force: true, maxRetries: 3 });
  }

  async owners(): Promise<readonly string[]> {
    await mkdir(this.#dir, { recursive: true });
    return readdir(this.#dir);
  }
}
