import { link, mkdir, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeTarget } from './place-entries.ts';

/** A directory that exists and is empty. */
export class DirectoryTarget implements TreeTarget {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async directory(path: string): Promise<void> {
    await mkdir(join(this.#root, path), { mode: 0o755 });
  }

  async file(path: string, executable: boolean, content: AsyncIterable<Uint8Array>): Promise<void> {
    // Never over what is there, and never through a link.
    const file = await open(join(this.#root, path), 'wx', executable ? 0o755 : 0o644);
    try {
      for await (const chunk of content) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  }

  async hardLink(path: string, existing: string): Promise<void> {
    await link(join(this.#root, existing), join(this.#root, path));
  }

  async symlink(path: string, leadsTo: string): Promise<void> {
    await symlink(leadsTo, join(this.#root, path));
  }
}
