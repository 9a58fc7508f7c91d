import { link, mkdir, open, symlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { refused, shown, type ArchiveEntry, type ArchiveLimits } from './archive-entry.ts';

interface Placing {
  /** Exists and is empty. */
  readonly target: string;
  readonly limits: ArchiveLimits;
  readonly archiveBytes: number;
}

const longestName = 255;

/**
 * Writes the entries of an archive below `target`. Nothing is ever written through a link: links are made when everything else is there,
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
  readonly #target: string;
  readonly #limits: ArchiveLimits;
  readonly #mostBytes: number;
  readonly #directories = new Set<string>(['']);
  readonly #files = new Set<string>();
  /** Path → what it leads to. */
  readonly #links = new Map<string, string>();
  #entries = 0;
  #bytes = 0;

  constructor({ target, limits, archiveBytes }: Placing) {
    this.#target = target;
    this.#limits = limits;
    this.#mostBytes = Math.min(limits.bytes, Math.max(limits.freeBytes, archiveBytes * limits.ratio));
  }

  async put(entry: ArchiveEntry, signal: AbortSignal): Promise<void> {
    this.#count();
    const path = this.#pathOf(entry.name);
    if (entry.type === 'directory') return this.#makeDirectory(path);
    if (path === '') throw refused('a file in it has no name');
    if (this.#isTaken(path)) throw refused(`${shown(path)} is in it twice`);
    await this.#makeDirectory(parentOf(path));
    if (entry.type === 'symlink') this.#links.set(path, entry.target);
    else if (entry.type === 'link') await this.#linkFile(path, entry);
    else await this.#write(path, entry, signal);
  }

  /** Where they lead is for the store of bundles to look into. */
  async makeLinks(): Promise<void> {
    for (const [path, leadsTo] of this.#links) {
      if (leadsTo === '' || leadsTo.includes('\0')) throw refused(`the link ${shown(path)} leads nowhere`);
      await symlink(leadsTo, join(this.#target, path));
    }
  }

  #count(): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries)
      throw refused(`there are more than ${this.#limits.entries} entries in it`);
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
    await mkdir(join(this.#target, path), { mode: 0o755 });
    this.#directories.add(path);
  }

  /** To a file that came before, and no link: a second name for what is in the bundle. */
  async #linkFile(path: string, { target }: ArchiveEntry): Promise<void> {
    const known = this.#pathOf(target);
    if (!this.#files.has(known)) throw refused(`the link ${shown(path)} leads to no file before it`);
    await link(join(this.#target, known), join(this.#target, path));
    this.#files.add(path);
  }

  async #write(path: string, { content, executable }: ArchiveEntry, signal: AbortSignal): Promise<void> {
    // Never over what is there, and never through a link.
    const file = await open(join(this.#target, path), 'wx', executable ? 0o755 : 0o644);
    this.#files.add(path);
    try {
      for await (const chunk of content) {
        signal.throwIfAborted();
        this.#bytes += chunk.length;
        if (this.#bytes > this.#mostBytes) throw refused(`its files are larger than ${this.#mostBytes} bytes together`);
        await file.writeFile(chunk);
      }
    } finally {
      await file.close();
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
