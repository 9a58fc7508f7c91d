import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { CommitInfo } from '../../../domain/source.ts';
import type { Checkout, FetchRequest, Source } from '../../../engine/ports/source.ts';
import { prepareGitEnvironment } from './git-environment.ts';
import { explainGitFailure, GitFailure } from './git-failure.ts';
import { KeyedLock } from './keyed-lock.ts';
import { Mirror, type MirroredCommit } from './mirror.ts';
import { checkBranch, checkCommit, checkOwner, treePath } from './refs.ts';
import { type GitProtocol, parseRepositoryUrl } from './repository-url.ts';
import { Worktrees } from './worktrees.ts';

export interface GitSourceOptions {
  /** Absolute path of a directory that belongs to this source alone: `mirrors/`, `checkouts/`, Git's configuration. */
  readonly dir: string;
  /** Default: https and ssh. Every other scheme is refused before Git is started. */
  readonly allowedProtocols?: readonly GitProtocol[];
  /** Limit of each Git command, in ms. Default: 10 minutes. */
  readonly timeoutMs?: number;
  /** Added to Git's environment (proxy, certificate authority); nothing is inherited from the process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly log: { warn(details: object, message: string): void };
}

/** The Git command line over one mirror per repository. One control plane at a time may use `dir`. */
export async function createGitSource(options: GitSourceOptions): Promise<Source> {
  const allowed = options.allowedProtocols ?? ['https', 'ssh'];
  const hardened = await prepareGitEnvironment(options.dir, allowed);
  return new GitSource({
    dir: options.dir,
    allowed,
    timeoutMs: options.timeoutMs ?? 10 * 60_000,
    environment: { ...options.environment, ...hardened },
    log: options.log,
  });
}

interface Settings {
  readonly dir: string;
  readonly allowed: readonly GitProtocol[];
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: GitSourceOptions['log'];
}

const rememberedCommits = 1_000;

class GitSource implements Source {
  readonly #settings: Settings;
  readonly #lock = new KeyedLock();
  readonly #worktrees: Worktrees;
  /** Commits that this process has fetched, the latest last: what is said of a commit never changes. */
  readonly #commits = new Map<string, MirroredCommit>();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#worktrees = new Worktrees(join(settings.dir, 'checkouts'));
  }

  async fetch(request: FetchRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<CommitInfo> {
    checkBranch(request.branch);
    if (request.commit !== null) checkCommit(request.commit);
    const mirror = this.#mirror(request.repository, onLine, signal);
    return this.#inMirror(mirror, request.commit ?? request.branch, signal, async () => {
      const fetched = await this.#bringRequested(mirror, request);
      this.#remember(fetched);
      const { treeId: _treeId, ...commit } = fetched;
      return commit;
    });
  }

  #remember(commit: MirroredCommit): void {
    this.#commits.delete(commit.sha);
    this.#commits.set(commit.sha, commit);
    const [oldest] = this.#commits.keys();
    if (oldest !== undefined && this.#commits.size > rememberedCommits) this.#commits.delete(oldest);
  }

  async #bringRequested(mirror: Mirror, request: FetchRequest): Promise<MirroredCommit> {
    if (request.commit === null) return mirror.fetch(`refs/heads/${request.branch}`, this.#commits);
    if (!(await mirror.has(request.commit))) return mirror.fetch(request.commit, this.#commits);
    return this.#commits.get(request.commit) ?? mirror.describe(request.commit);
  }

  /** A commit that is in the mirror costs no network. */
  async #bring(mirror: Mirror, commit: string): Promise<void> {
    if (!(await mirror.has(commit))) await mirror.fetch(commit, this.#commits);
  }

  async treeId(repository: string, commit: string, directory: string, signal: AbortSignal): Promise<string> {
    checkCommit(commit);
    const path = treePath(directory);
    const known = path === '' ? this.#commits.get(commit)?.treeId : undefined;
    if (known !== undefined) return known;
    const mirror = this.#mirror(repository, ignore, signal);
    return this.#inMirror(mirror, commit, signal, async () => {
      await this.#bring(mirror, commit);
      return readTreeId(mirror, commit, path);
    });
  }

  async checkout(repository: string, commit: string, owner: string, signal: AbortSignal): Promise<Checkout> {
    checkCommit(commit);
    checkOwner(owner);
    const mirror = this.#mirror(repository, ignore, signal);
    return this.#inMirror(mirror, commit, signal, async () => {
      await this.#bring(mirror, commit);
      return this.#worktrees.create(mirror, commit, owner);
    });
  }

  async release(owner: string): Promise<void> {
    checkOwner(owner);
    await this.#worktrees.remove(owner);
  }

  owners(): Promise<readonly string[]> {
    return this.#worktrees.owners();
  }

  #mirror(url: string, onLine: (line: string) => void, signal: AbortSignal): Mirror {
    const { dir, allowed, timeoutMs, environment } = this.#settings;
    const repository = parseRepositoryUrl(url, allowed);
    return new Mirror({
      path: join(dir, 'mirrors', repository.mirror),
      repository,
      environment,
      timeoutMs,
      signal,
      onLine,
    });
  }

  /**
   * Works on the mirror alone. Where Git fails for a reason that is neither the server's nor the request's, the mirror is taken
   * to be damaged, made anew, and the work is done once more.
   */
  #inMirror<T>(mirror: Mirror, ref: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { url, mirror: key } = mirror.repository;
    const attempt = async () => {
      await mirror.ensure();
      return work();
    };
    return this.#lock.run(key, signal, async () => {
      try {
        return await attempt();
      } catch (error) {
        if (!isSuspicious(error, { url, ref })) throw explained(error, { url, ref });
        this.#settings.log.warn({ repository: url, err: error }, 'the local mirror is damaged and is made anew');
        await mirror.destroy();
      }
      return attempt().catch((error: unknown) => {
        throw explained(error, { url, ref });
      });
    });
  }
}

async function readTreeId(mirror: Mirror, commit: string, path: string): Promise<string> {
  if (path === '')
    return (await mirror.git(['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`], false)).trim();
  const listed = await mirror.git(
    ['ls-tree', '-d', '-z', '--full-tree', '--end-of-options', commit, '--', path],
    false,
  );
  const id = /^040000 tree ([0-9a-f]{40})\t/.exec(listed)?.[1];
  if (id === undefined) throw new CutoverError('directory_not_found', `There is no directory "${path}" at ${commit}.`);
  return id;
}

type Asked = Parameters<typeof explainGitFailure>[1];

function isSuspicious(error: unknown, asked: Asked): boolean {
  if (error instanceof GitFailure) return explainGitFailure(error, asked) === null;
  // Files missing from the middle of the mirror.
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function explained(error: unknown, asked: Asked): unknown {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    return new CutoverError('disk_full', 'The disk of the platform is full: the repository could not be stored.', {
      cause: error,
    });
  }
  if (!(error instanceof GitFailure)) return error;
  const said = error.lines.slice(-3).join(' / ') || 'nothing';
  return (
    explainGitFailure(error, asked) ??
    new CutoverError('internal', `Git failed on ${asked.url}, also in a new mirror. It said: ${said}`, { cause: error })
  );
}

function ignore(): void {}
