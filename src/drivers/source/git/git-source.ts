import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { CommitInfo } from '../../../domain/source.ts';
import type {
  Checkout,
  CheckoutRequest,
  FetchRequest,
  Repository,
  SentTree,
  Source,
  UnpackRequest,
} from '../../../engine/ports/source.ts';
import { readAppTreeId } from './app-tree.ts';
import { CheckoutFiles } from './checkout-files.ts';
import { prepareGitEnvironment } from './git-environment.ts';
import { defaultLimits, within, type RepositoryLimits } from './limits.ts';
import type { Mirror, MirroredCommit } from './mirror.ts';
import { Mirrors } from './mirrors.ts';
import { checkBranch, checkCommit, checkOwner, treePath } from './refs.ts';
import { RemoteAccesses, type AppTokens } from './remote-access.ts';
import type { GitProtocol } from './repository-url.ts';
import { surveySent, unpackSent } from '../sent-directory.ts';
import { Worktrees } from './worktrees.ts';

export interface GitSourceOptions {
  /** Absolute path of a directory that belongs to this source alone: `mirrors/`, `checkouts/`, keys, Git's configuration. */
  readonly dir: string;
  /** Default: https and ssh. Every other scheme is refused before Git is started. */
  readonly allowedProtocols?: readonly GitProtocol[];
  /** Limit of each Git command, in ms; a checkout may take three times that, whatever it consists of. Default: 10 minutes. */
  readonly timeoutMs?: number;
  /** Those that are left out have their default. */
  readonly limits?: Partial<RepositoryLimits>;
  /** Name or path of Git LFS' program. Default: `git-lfs`. */
  readonly gitLfs?: string;
  /** Added to Git's environment (proxy, certificate authority); nothing is inherited from the process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where the repositories are that the platform keeps itself, by the id of their project. Default: there are none. */
  readonly hosted?: (project: string) => string;
  /** For repositories that are read by the GitHub App of the platform. Default: there is none. */
  readonly appToken?: AppTokens;
  readonly log: { warn(details: object, message: string): void };
}

/** The Git command line over one mirror per repository. One control plane at a time may use `dir`. */
export async function createGitSource(options: GitSourceOptions): Promise<Source> {
  const {
    dir,
    allowedProtocols: allowed = ['https', 'ssh'],
    timeoutMs = 10 * 60_000,
    gitLfs = 'git-lfs',
    hosted = null,
    appToken = async () => null,
    log,
  } = options;
  const hardened = await prepareGitEnvironment(dir, allowed);
  const environment = { ...options.environment, ...hardened };
  const limits = { ...defaultLimits, ...options.limits };
  const accesses = await RemoteAccesses.openIn(dir, appToken);
  const mirrors = new Mirrors({ dir, allowed, timeoutMs, environment, accesses, limits, gitLfs, hosted, log });
  const checkoutMs = commandsInCheckout * timeoutMs;
  return new GitSource({ mirrors, limits, worktrees: new Worktrees(join(dir, 'checkouts')), accesses, checkoutMs });
}

/** So many times the limit of one. */
const commandsInCheckout = 3;

interface Parts {
  readonly mirrors: Mirrors;
  readonly limits: RepositoryLimits;
  readonly worktrees: Worktrees;
  readonly accesses: RemoteAccesses;
  readonly checkoutMs: number;
}

class GitSource implements Source {
  readonly #mirrors: Mirrors;
  readonly #worktrees: Worktrees;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#mirrors = parts.mirrors;
    this.#worktrees = parts.worktrees;
  }

  async fetch(request: FetchRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<CommitInfo> {
    const { repository, branch, commit } = request;
    checkBranch(branch);
    if (commit !== null) checkCommit(commit);
    return this.#mirrors.use(repository, { ref: commit ?? branch, onLine, signal }, async (mirror) => {
      const fetched = await this.#bringRequested(mirror, request);
      this.#mirrors.remember(fetched);
      if (commit === null) this.#mirrors.rememberHead(mirror, branch, fetched.sha);
      return infoOf(fetched);
    });
  }

  async expected({ repository, branch, commit }: FetchRequest): Promise<CommitInfo | null> {
    const sha = commit ?? this.#mirrors.lastHead(repository, branch);
    const known = sha === null ? undefined : this.#mirrors.known(sha);
    return known === undefined ? null : infoOf(known);
  }

  async #bringRequested(mirror: Mirror, { branch, commit }: FetchRequest): Promise<MirroredCommit> {
    if (commit === null) return this.#mirrors.fetch(mirror, `refs/heads/${branch}`);
    if (!(await mirror.has(commit))) return this.#mirrors.fetch(mirror, commit);
    return this.#mirrors.known(commit) ?? mirror.describe(commit);
  }

  async treeId(repository: Repository, commit: string, directory: string, signal: AbortSignal): Promise<string> {
    checkCommit(commit);
    const path = treePath(directory);
    const known = path === '' ? this.#mirrors.known(commit)?.treeId : undefined;
    if (known !== undefined) return known;
    return this.#mirrors.use(repository, { ref: commit, onLine: ignore, signal }, async (mirror) => {
      await this.#mirrors.bring(mirror, commit);
      return readTreeId(mirror, commit, path);
    });
  }

  async appTreeId(
    repository: Repository,
    commit: string,
    directory: string,
    signal: AbortSignal,
  ): Promise<string | null> {
    const path = treePath(directory);
    if (path === '') return this.treeId(repository, commit, '', signal);
    checkCommit(commit);
    return this.#mirrors.use(repository, { ref: commit, onLine: ignore, signal }, async (mirror) => {
      await this.#mirrors.bring(mirror, commit);
      await readTreeId(mirror, commit, path);
      return readAppTreeId(mirror, commit, path);
    });
  }

  async checkout(request: CheckoutRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<Checkout> {
    const { commit, owner } = request;
    checkCommit(commit);
    checkOwner(owner);
    const { limits, checkoutMs } = this.#parts;
    using limited = within(checkoutMs, signal);
    const files = new CheckoutFiles(this.#mirrors, limits, request, { onLine, signal: limited.signal });
    return await this.#worktrees.create(owner, (workTree, index) => files.write(workTree, index));
  }

  async survey(archive: string, signal: AbortSignal): Promise<SentTree> {
    using limited = within(this.#parts.checkoutMs, signal);
    return await surveySent(archive, limited.signal);
  }

  async unpack({ archive, owner }: UnpackRequest, signal: AbortSignal): Promise<Checkout> {
    checkOwner(owner);
    using limited = within(this.#parts.checkoutMs, signal);
    return await this.#worktrees.create(owner, (workTree) => unpackSent(archive, workTree, limited.signal));
  }

  async release(owner: string): Promise<void> {
    checkOwner(owner);
    await this.#worktrees.remove(owner);
  }

  owners(): Promise<readonly string[]> {
    return this.#worktrees.owners();
  }

  removeUnused(unusedMs: number, signal: AbortSignal): Promise<number> {
    return this.#mirrors.removeUnused(unusedMs, signal);
  }

  forgetHostKeys(project: string): Promise<void> {
    return this.#parts.accesses.forgetHostKeys(project);
  }
}

function infoOf({ treeId: _treeId, ...info }: MirroredCommit): CommitInfo {
  return info;
}

async function readTreeId(mirror: Mirror, commit: string, path: string): Promise<string> {
  if (path === '') return (await mirror.git(['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`])).trim();
  const listed = await mirror.git(['ls-tree', '-d', '-z', '--full-tree', '--end-of-options', commit, '--', path]);
  const id = /^040000 tree ([0-9a-f]{40})\t/.exec(listed)?.[1];
  if (id === undefined) throw new CutoverError('directory_not_found', `There is no directory "${path}" at ${commit}.`);
  return id;
}

function ignore(): void {}
