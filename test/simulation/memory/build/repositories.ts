import { hash } from 'node:crypto';
import type { CommitInfo } from '../../../../src/domain/source.ts';
import type { AppFiles } from './app-files.ts';

/** What somebody commits. Paths have no slash at either end; '' is the root. */
export interface CommitContent {
  /** By the directory of the app. */
  readonly apps?: Readonly<Record<string, AppFiles>>;
  /** Text by path: all other files. */
  readonly files?: Readonly<Record<string, string>>;
  readonly message?: string;
  readonly author?: string;
}

export class Commit {
  readonly info: CommitInfo;
  readonly apps: Readonly<Record<string, AppFiles>>;
  readonly files: Readonly<Record<string, string>>;
  readonly #treeIds = new Map<string, string>();

  constructor(info: CommitInfo, { apps = {}, files = {} }: CommitContent) {
    this.info = Object.freeze(info);
    this.apps = apps;
    this.files = files;
  }

  /** null: there is no such directory. */
  treeId(directory: string): string | null {
    const known = this.#treeIds.get(directory);
    if (known !== undefined) return known;
    const apps = Object.entries(this.apps).map(([path, app]): [string, string] => [`${path}/`, app.name]);
    const below = [...apps, ...Object.entries(this.files)].filter(([path]) => isBelow(path, directory));
    if (below.length === 0 && directory !== '') return null;
    const named = below.map(([path, text]) => `${path.slice(directory.length)}\0${text}\0`).toSorted();
    const id = sha1(named.join(''));
    this.#treeIds.set(directory, id);
    return id;
  }

  /** Of a directory's tree and of the files directly in the directories above it. */
  idWithFilesAbove(treeId: string, directory: string): string {
    const isAbove = (path: string) => `${directory}/`.startsWith(path.slice(0, path.lastIndexOf('/') + 1));
    const above = Object.entries(this.files).filter(([path]) => !isBelow(path, directory) && isAbove(path));
    return sha1([treeId, ...above.map(([path, text]) => `${path}\0${text}`).toSorted()].join('\0'));
  }

  /** Text by path below the directory; null: there is no such directory. */
  filesBelow(directory: string): ReadonlyMap<string, string> | null {
    if (this.treeId(directory) === null) return null;
    const cut = directory === '' ? 0 : directory.length + 1;
    const below = Object.entries(this.files).filter(([path]) => isBelow(path, directory));
    return new Map(below.map(([path, text]) => [path.slice(cut), text]));
  }
}

function isBelow(path: string, directory: string): boolean {
  return directory === '' || path.startsWith(`${directory}/`);
}

const digests = new Map<string, string>();

/** The same few trees and commits are made in every history. */
function sha1(text: string): string {
  const known = digests.get(text);
  if (known !== undefined) return known;
  if (digests.size > 1_000) digests.clear();
  const digest = hash('sha1', text);
  digests.set(text, digest);
  return digest;
}

/** A repository as its server has it. */
export class ServedRepository {
  readonly url: string;
  /** What its server wants to be shown; null: nothing. */
  token: string | null = null;
  readonly #now: () => number;
  readonly #commits = new Map<string, Commit>();
  readonly #heads = new Map<string, string>();

  constructor(url: string, now: () => number) {
    this.url = url;
    this.#now = now;
  }

  /** The branch's new head. */
  push(branch: string, content: CommitContent): CommitInfo {
    const { message = 'a change', author = 'Somebody' } = content;
    const sha = sha1(`${this.url}\0${this.#commits.size}`);
    const committedAt = new Date(this.#now()).toISOString();
    const commit = new Commit({ sha, message: message.split('\n', 1)[0] ?? '', author, committedAt }, content);
    this.#commits.set(sha, commit);
    this.#heads.set(branch, sha);
    return commit.info;
  }

  /** null: there is no such branch. */
  head(branch: string): Commit | null {
    const sha = this.#heads.get(branch);
    return sha === undefined ? null : this.find(sha);
  }

  find(sha: string): Commit | null {
    return this.#commits.get(sha) ?? null;
  }

  deleteBranch(branch: string): void {
    this.#heads.delete(branch);
  }
}

/** The Git servers of the world, and what of them is on this machine. */
export class Repositories {
  readonly #now: () => number;
  readonly #byUrl = new Map<string, ServedRepository>();
  /** Commits that have been fetched: `<url> <sha>`. */
  readonly mirrored = new Set<string>();
  /** Questions to servers. */
  requests = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Made where there is none. */
  at(url: string): ServedRepository {
    const known = this.#byUrl.get(url);
    if (known !== undefined) return known;
    const repository = new ServedRepository(url, this.#now);
    this.#byUrl.set(url, repository);
    return repository;
  }

  find(url: string): ServedRepository | null {
    return this.#byUrl.get(url) ?? null;
  }
}
