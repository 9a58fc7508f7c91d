import { createHash } from 'node:crypto';
import type { TreeTarget } from './place-entries.ts';

export interface TreeSurvey {
  /** 64 hex digits: SHA-256 over the sorted paths, kinds, executable bits and contents; of nothing that the archive's format, order or times say. */
  readonly tree: string;
  /** With links. */
  readonly files: number;
  readonly sizeBytes: number;
}

/** Reads a tree and writes nothing. */
export class SurveyTarget implements TreeTarget {
  /** By path: everything that makes it what it is. */
  readonly #facts = new Map<string, string>();
  #files = 0;
  #sizeBytes = 0;

  async directory(path: string): Promise<void> {
    this.#facts.set(path, 'directory');
  }

  async file(path: string, executable: boolean, content: AsyncIterable<Uint8Array>): Promise<void> {
    const hash = createHash('sha256');
    for await (const chunk of content) {
      hash.update(chunk);
      this.#sizeBytes += chunk.length;
    }
    this.#add(path, `${executable ? 'executable' : 'file'} ${hash.digest('hex')}`);
  }

  async hardLink(path: string, existing: string): Promise<void> {
    this.#add(path, this.#facts.get(existing) ?? '');
  }

  async symlink(path: string, leadsTo: string): Promise<void> {
    this.#add(path, `link ${leadsTo}`);
  }

  survey(): TreeSurvey {
    const hash = createHash('sha256');
    for (const [path, fact] of [...this.#facts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      hash.update(`${JSON.stringify([path, fact])}\n`);
    return { tree: hash.digest('hex'), files: this.#files, sizeBytes: this.#sizeBytes };
  }

  #add(path: string, fact: string): void {
    this.#facts.set(path, fact);
    this.#files += 1;
  }
}
