import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { CommitInfo } from '../../../domain/source.ts';
import { GitFailure } from './git-failure.ts';
import { credentialEnvironment } from './git-environment.ts';
import type { RepositoryUrl } from './repository-url.ts';
import { runGit } from './run-git.ts';

export interface MirrorContext {
  readonly path: string;
  readonly repository: RepositoryUrl;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
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

  constructor(context: MirrorContext) {
    this.#context = context;
  }

  get repository(): RepositoryUrl {
    return this.#context.repository;
  }

  /** Makes the empty mirror if there is none, and clears away what a killed Git left. */
  async ensure(): Promise<void> {
    const { path } = this.#context;
    if (!(await exists(this.#readyMarker()))) {
      await rm(path, { recursive: true, force: true });
      await mkdir(path, { recursive: true });
      await this.git(['init', '--quiet', '--bare'], false);
      await writeFile(this.#readyMarker(), '');
    }
    await removeLeftovers(path);
  }

  async destroy(): Promise<void> {
    await rm(this.#context.path, { recursive: true, force: true });
  }

  async has(commit: string): Promise<boolean> {
    try {
      const ref = commitRef(commit);
      const found = await this.git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`], false);
      return found.trim() === commit;
    } catch (error) {
      if (error instanceof GitFailure && error.exitCode === 1) return false;
      throw error;
    }
  }

  /** Fetches `refs/heads/<branch>` or a commit from the server. One that is `known` is not asked about again. */
  async fetch(ref: string, known: ReadonlyMap<string, MirroredCommit>): Promise<MirroredCommit> {
    const options = ['fetch', '--progress', '--no-tags', '--depth=1', '--no-write-fetch-head', '--no-auto-maintenance'];
    const { path, repository } = this.#context;
    const { url } = repository;
    await this.git([...options, '--no-recurse-submodules', '--end-of-options', url, `+${ref}:${incomingRef}`], true);
    // Each process costs as much as the whole fetch of nothing new.
    const commit = known.get(await this.#incomingObject()) ?? (await this.#describeIncoming(ref));
    if (!(await exists(join(path, commitRef(commit.sha))))) {
      await this.git(['update-ref', '--end-of-options', commitRef(commit.sha), commit.sha], false);
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
      const parsed = await this.git(['rev-parse', '--verify', '--end-of-options', `${incomingRef}^{}`], false);
      const type = (await this.git(['cat-file', '-t', parsed.trim()], false)).trim();
      if (type === 'commit') throw error;
      throw new CutoverError('commit_not_found', `${ref} is a ${type}, not a commit.`);
    }
  }

  /** A commit that is in the mirror, by any name of it. */
  async describe(commit: string): Promise<MirroredCommit> {
    const output = await this.git(
      ['show', '--no-patch', '--encoding=UTF-8', '--format=%H%x00%s%x00%an%x00%cI%x00%T', '--end-of-options', commit],
      false,
    );
    const [sha = '', message = '', author = '', committedAt = '', treeId = ''] = output.trimEnd().split('\0');
    return { sha, message, author, committedAt, treeId };
  }

  /** Runs Git in the mirror; with `network`, what it says is passed on and the credentials are given to it. */
  git(args: readonly string[], network: boolean, extra: Readonly<Record<string, string>> = {}): Promise<string> {
    const { path, repository, environment, timeoutMs, signal, onLine } = this.#context;
    return runGit({
      args,
      environment: {
        ...environment,
        GIT_DIR: path,
        ...(network ? credentialEnvironment(repository) : {}),
        ...extra,
      },
      timeoutMs,
      signal,
      ...(network ? { onLine } : {}),
    });
  }

  #readyMarker(): string {
    return join(this.#context.path, 'cutover-mirror');
  }
}

const incomingRef = 'refs/cutover/incoming';

function commitRef(commit: string): string {
  return `refs/cutover/commits/${commit}`;
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
