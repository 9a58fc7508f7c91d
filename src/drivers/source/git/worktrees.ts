import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkout } from '../../../engine/ports/source.ts';
import type { Mirror } from './mirror.ts';

/**
 * Work trees by owner: `<dir>/<owner>/tree`. They are plain files without a `.git`: nothing in a build can reach the mirror,
 * and to remove one is to remove a directory.
 */
export class Worktrees {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async create(mirror: Mirror, commit: string, owner: string): Promise<Checkout> {
    await this.remove(owner);
    const path = join(this.#dir, owner, 'tree');
    const index = join(this.#dir, owner, 'index');
    await mkdir(path, { recursive: true });
    try {
      const files = { GIT_WORK_TREE: path, GIT_INDEX_FILE: index };
      await mirror.git(['read-tree', '--reset', '-u', '--end-of-options', commit], false, files);
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
