import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { CommitInfo } from '../../../domain/source.ts';
import { settingsEnvironment, type GitSetting } from './git-environment.ts';
import { explainWithheld, GitFailure } from './git-failure.ts';
import type { RepositoryLimits } from './limits.ts';
import { whileSmall } from './mirror-size.ts';
import type { RemoteAccess } from './remote-access.ts';
import { runGit, type GitRun } from './run-git.ts';

export interface MirrorContext {
  readonly path: string;
  /** Of the repository; safe to be shown. */
  readonly url: string;
  /** What Git is given instead of the address, where that is not for Git to read. */
  readonly remote?: string;
  /** Opens the way to its server for one command. */
  readonly access: () => Promise<RemoteAccess>;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
  readonly limits: Pick<RepositoryLimits, 'mirrorBytes'>;
  /** Name or path of the program. */
  readonly gitLfs: string;
}

interface RemoteCommand {
  readonly args: readonly string[];
  readonly program?: string;
  readonly settings?: readonly GitSetting[];
}

export interface MirroredCommit extends CommitInfo {
  /** Object id of its root tree. */
  readonly treeId: string;
}

/**
 * The local copy of one repository: exactly the commits that were asked for, without their history (a third of the time of a
 * full copy; later commits still come as differences). A ref `refs/cutover/commits/<sha>` is set only when every object of the
 * commit is there, so what a crash left half-fetched is never taken for whole. The caller holds the mirror's lock.
 */
export class Mirror {
  readonly #context: MirrorContext;
  #isTouched = false;

  constructor(context: MirrorContext) {
    this.#context = context;
  }

  get url(): string {
    return this.#context.url;
  }

  /** Its directory, which no other mirror has. */
  get path(): string {
    return this.#context.path;
  }

  /** Something else was done here than to be told by the server that there is nothing new. */
  get isTouched(): boolean {
    return this.#isTouched;
  }

  /** Makes the empty mirror if there is none, and clears away what a killed Git left. Resolves to whether it is new. */
  async ensure(): Promise<boolean> {
    const { path } = this.#context;
    const isNew = !(await exists(this.#readyMarker())) || (await hasManyPacks(path));
    if (isNew) {
      await rm(path, { recursive: true, force: true });
      await mkdir(path, { recursive: true });
      await this.git(['init', '--quiet', '--bare']);
      await writeFile(this.#readyMarker(), '');
    }
    await removeLeftovers(path);
    return isNew;
  }

  async destroy(): Promise<void> {
    await rm(this.#context.path, { recursive: true, force: true });
  }

  async has(commit: string): Promise<boolean> {
    try {
      const ref = commitRef(commit);
      const found = await this.git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
      return found.trim() === commit;
    } catch (error) {
      if (error instanceof GitFailure && error.exitCode === 1) return false;
      throw error;
    }
  }

  /** Fetches `refs/heads/<branch>` or a commit from the server. One that is `known` is not asked about again. */
  async fetch(ref: string, known: ReadonlyMap<string, MirroredCommit>): Promise<MirroredCommit> {
    const options = ['fetch', '--progress', '--no-tags', '--depth=1', '--no-write-fetch-head', '--no-auto-maintenance'];
    const { path, url, remote = url } = this.#context;
    await this.#remotely({
      args: [...options, '--no-recurse-submodules', '--end-of-options', remote, `+${ref}:${incomingRef}`],
    });
    // Each process costs as much as the whole fetch of nothing new.
    const before = known.get(await this.#incomingObject());
    const commit = before ?? (await this.#describeIncoming(ref));
    if (!(await exists(join(path, commitRef(commit.sha))))) {
      await this.git(['update-ref', '--end-of-options', commitRef(commit.sha), commit.sha]);
    }
    return commit;
  }

  /** Id of what the server sent; '' where Git keeps it elsewhere. */
  async #incomingObject(): Promise<string> {
    try {
      return (await readFile(join(this.#context.path, incomingRef), 'utf8')).trim();
    } catch (error) {
      if (isAbsent(error)) return '';
      throw error;
    }
  }

  async #describeIncoming(ref: string): Promise<MirroredCommit> {
    try {
      return await this.describe(`${incomingRef}^{commit}`);
    } catch (error) {
      const parsed = await this.git(['rev-parse', '--verify', '--end-of-options', `${incomingRef}^{}`]);
      const type = (await this.git(['cat-file', '-t', parsed.trim()])).trim();
      if (type === 'commit') throw error;
      throw new CutoverError('commit_not_found', `${ref} is a ${type}, not a commit.`);
    }
  }

  /** A commit that is in the mirror, by any name of it. */
  async describe(commit: string): Promise<MirroredCommit> {
    // `show --no-patch` would still walk the whole tree.
    const output = await this.git([
      'log',
      '--no-walk',
      '--encoding=UTF-8',
      '--format=%H%x00%s%x00%an%x00%cI%x00%T',
      '--end-of-options',
      commit,
    ]);
    const [sha = '', message = '', author = '', committedAt = '', treeId = ''] = output.trimEnd().split('\0');
    return { sha, message, author, committedAt, treeId };
  }

  /** Brings what Git LFS keeps for a commit that is here. Errors: `lfs_missing`, `lfs_failed`. */
  async fetchLfs(commit: string): Promise<void> {
    this.#isTouched = true;
    const { gitLfs: program, url } = this.#context;
    const settings: GitSetting[] = [['lfs.basictransfersonly', 'true']];
    if (/^https?:/.test(url)) settings.push(['lfs.url', `${url.replace(/(\.git)?\/*$/, '.git')}/info/lfs`]);
    try {
      await this.#remotely({ program, args: ['fetch', url, commit], settings });
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      const said = error.lines.findLast((line) => line.trim() !== '') ?? 'nothing';
      throw new CutoverError('lfs_failed', `Git LFS failed on ${url}. It said: ${said}`, { cause: error });
    }
  }

  /** Runs Git in the mirror, without network. */
  git(args: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<string> {
    this.#isTouched = true;
    return runGit(this.#local(args, files));
  }

  /** The same, with the output passed on as it comes; what `onOutput` throws ends Git, and is thrown. */
  async stream(args: readonly string[], onOutput: (text: string) => void): Promise<void> {
    this.#isTouched = true;
    await runGit({ ...this.#local(args, {}), onOutput });
  }

  #local(args: readonly string[], files: Readonly<Record<string, string>>): GitRun {
    const { path, environment, timeoutMs, signal } = this.#context;
    return { args, timeoutMs, signal, environment: { ...environment, GIT_DIR: path, ...files } };
  }

  /** With the network and the credentials for it. What is said is passed on. Errors: `MirrorFull`, and what kept the App's token back. */
  async #remotely({ args, program = 'git', settings = [] }: RemoteCommand): Promise<void> {
    const { path, url, access, limits, onLine, signal } = this.#context;
    await using remote = await access();
    const { secrets, withheld } = remote;
    const environment = { ...remote.environment, ...settingsEnvironment([...remote.settings, ...settings]) };
    const run = this.#local(args, environment);
    await whileSmall({ path, limit: limits.mirrorBytes }, signal, (smallSignal) =>
      runGit({ ...run, program, secrets, onLine, signal: smallSignal }),
    ).catch((error: unknown) => {
      throw withheld !== null && error instanceof GitFailure ? (explainWithheld(error, url, withheld) ?? error) : error;
    });
  }

  #readyMarker(): string {
    return join(this.#context.path, readyMarker);
  }
}

/** Is there once the mirror is whole. */
export const readyMarker = 'cutover-mirror';
const incomingRef = 'refs/cutover/incoming';

function commitRef(commit: string): string {
  return `refs/cutover/commits/${commit}`;
}

/** Each fetch adds one, and Git looks into all of them. */
const mostPacks = 200;

async function hasManyPacks(path: string): Promise<boolean> {
  const names = await readdir(join(path, 'objects', 'pack'));
  return names.filter((name) => name.endsWith('.pack')).length > mostPacks;
}

/** The mirror's lock is held, so lock files and half-written packs can only be of a Git that was killed. */
async function removeLeftovers(path: string): Promise<void> {
  const names = await readdir(path);
  const refs = await readdir(join(path, 'refs'), { recursive: true });
  const packs = await readdir(join(path, 'objects', 'pack'));
  const leftovers = [
    ...[...names, ...refs.map((name) => join('refs', name))].filter((name) => name.endsWith('.lock')),
    ...packs.filter((name) => name.startsWith('tmp_')).map((name) => join('objects', 'pack', name)),
  ];
  await Promise.all(leftovers.map((name) => rm(join(path, name), { force: true })));
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
