import { posix } from 'node:path';
import { refused, type ArchiveEntry, type ArchiveLimits } from './archive-entry.ts';
import { mostContent } from './expansion.ts';
import { shown } from './shown.ts';

/** What is made of a tree. Paths are checked, without slashes at their ends, and each comes once, after the directories above it. */
export interface TreeTarget {
  directory(path: string): Promise<void>;
  file(path: string, executable: boolean, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** A second name for a file that came before. */
  hardLink(path: string, existing: string): Promise<void>;
  /** When everything else is there. Where it leads to is as it was sent. */
  symlink(path: string, leadsTo: string): Promise<void>;
}

interface Placing {
  readonly target: TreeTarget;
  readonly limits: ArchiveLimits;
  readonly archiveBytes: number;
  /** Whether what has this name, and all below it, is left out. It counts all the same. */
  readonly leavesOut?: (part: string) => boolean;
}

const longestName = 255;
/** Also of what a link says that it leads to. */
const longestPath = 4_095;
/** Of all names and links together: they are kept until the end. */
const mostNames = 64 * 1024 ** 2;

/**
 * Gives the entries of an archive to `target`. Nothing is ever written through a link: links are made when everything else is there,
 * and what has a name keeps it. Error: `archive_refused`.
 */
export async function placeEntries(
  entries: AsyncIterable<ArchiveEntry>,
  placing: Placing,
  signal: AbortSignal,
): Promise<void> {
  const place = new Place(placing);
  for await (const entry of entries) {
    signal.throwIfAborted();
    await place.put(entry, signal);
  }
  await place.makeLinks();
}

class Place {
  readonly #target: TreeTarget;
  readonly #leavesOut: (part: string) => boolean;
  readonly #limits: ArchiveLimits;
  readonly #mostBytes: number;
  readonly #directories = new Set<string>(['']);
  readonly #files = new Set<string>();
  /** Path → what it leads to. */
  readonly #links = new Map<string, string>();
  #entries = 0;
  #bytes = 0;
  #nameBytes = 0;

  constructor({ target, limits, archiveBytes, leavesOut = () => false }: Placing) {
    this.#target = target;
    this.#leavesOut = leavesOut;
    this.#limits = limits;
    this.#mostBytes = mostContent(limits, archiveBytes);
  }

  async put(entry: ArchiveEntry, signal: AbortSignal): Promise<void> {
    this.#count();
    this.#keep(entry.name);
    this.#keep(entry.target);
    const path = this.#pathOf(entry.name);
    if (path.split('/').some(this.#leavesOut)) return this.#pass(entry, signal);
    if (entry.type === 'directory') return this.#makeDirectory(path);
    if (path === '') throw refused('a file in it has no name');
    if (this.#isTaken(path)) throw refused(`${shown(path)} is in it twice`);
    await this.#makeDirectory(parentOf(path));
    if (entry.type === 'symlink') this.#links.set(path, entry.target);
    else if (entry.type === 'link') await this.#linkFile(path, entry);
    else await this.#write(path, entry, signal);
  }

  async #pass({ content }: ArchiveEntry, signal: AbortSignal): Promise<void> {
    for await (const _ of this.#counted(content, signal));
  }

  /** Where they lead is for whoever follows them to look into. */
  async makeLinks(): Promise<void> {
    for (const [path, leadsTo] of this.#links) {
      if (leadsTo === '' || leadsTo.includes('\0')) throw refused(`the link ${shown(path)} leads nowhere`);
      await this.#target.symlink(path, leadsTo);
    }
  }

  #count(): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries)
      throw refused(`there are more than ${this.#limits.entries} entries in it`);
  }

  #keep(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > longestPath) throw refused(`${shown(text)} is longer than ${longestPath} bytes`);
    this.#nameBytes += bytes;
    if (this.#nameBytes > mostNames) throw refused(`its names are longer than ${mostNames} bytes together`);
  }

  #isTaken(path: string): boolean {
    return this.#files.has(path) || this.#links.has(path) || this.#directories.has(path);
  }

  /** With those above it, each only where this archive has made them. */
  async #makeDirectory(path: string): Promise<void> {
    if (this.#directories.has(path)) return;
    if (this.#isTaken(path)) throw refused(`${shown(path)} is a file and a directory in it`);
    await this.#makeDirectory(parentOf(path));
    this.#count();
    await this.#target.directory(path);
    this.#directories.add(path);
  }

  /** To a file that came before, and no link: a second name for what is in the bundle. */
  async #linkFile(path: string, { target }: ArchiveEntry): Promise<void> {
    const known = this.#pathOf(target);
    if (!this.#files.has(known)) throw refused(`the link ${shown(path)} leads to no file before it`);
    await this.#target.hardLink(path, known);
    this.#files.add(path);
  }

  async #write(path: string, { content, executable }: ArchiveEntry, signal: AbortSignal): Promise<void> {
    this.#files.add(path);
    await this.#target.file(path, executable, this.#counted(content, signal));
  }

  async *#counted(content: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      signal.throwIfAborted();
      this.#bytes += chunk.length;
      if (this.#bytes > this.#mostBytes) throw refused(`its files are larger than ${this.#mostBytes} bytes together`);
      yield chunk;
    }
  }

  #pathOf(name: string): string {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (name.startsWith('/') || parts.includes('..')) throw refused(`${shown(name)} leads out of it`);
    if (name.includes('\0')) throw refused(`${shown(name)} is no name`);
    if (parts.length > this.#limits.depth)
      throw refused(`${shown(name)} is deeper than ${this.#limits.depth} directories`);
    if (parts.some((part) => Buffer.byteLength(part) > longestName)) throw refused(`${shown(name)} is too long a name`);
    return parts.join('/');
  }
}

function parentOf(path: string): string {
  const parent = posix.dirname(path);
  return parent === '.' ? '' : parent;
}
