import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import { ofPlatform } from '../../../domain/platform-repository.ts';
import type { Repository } from '../../../engine/ports/source.ts';
import { explainGitFailure, GitFailure, type Asked } from './git-failure.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { RepositoryLimits } from './limits.ts';
import { Mirror, type MirroredCommit } from './mirror.ts';
import { MirrorFull } from './mirror-size.ts';
import { MirrorUse } from './unused-mirrors.ts';
import { credentialFor, type RemoteAccess, type RemoteAccesses } from './remote-access.ts';
import { type GitProtocol, parseRepositoryUrl } from './repository-url.ts';

export interface MirrorsOptions {
  readonly dir: string;
  readonly allowed: readonly GitProtocol[];
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly accesses: RemoteAccesses;
  readonly limits: RepositoryLimits;
  /** Name or path of the program. */
  readonly gitLfs: string;
  /** Path of the repository that the platform keeps for a project; null: it keeps none. */
  readonly hosted: ((project: string) => string) | null;
  readonly log: { warn(details: object, message: string): void };
}

/** What somebody wants of a repository. */
export interface Errand {
  /** Branch or commit, for words that are shown. */
  readonly ref: string;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

const rememberedCommits = 1_000;
const rememberedHeads = 1_000;

/** The local copies of repositories, each used by one at a time. */
export class Mirrors {
  readonly #options: MirrorsOptions;
  readonly #lock = new KeyedLock();
  readonly #use: MirrorUse;
  /** Commits that this process has fetched, the latest last: what is said of a commit never changes. */
  readonly #commits = new Map<string, MirroredCommit>();
  /** What branches pointed to when they were last fetched, by mirror and name, the latest last. */
  readonly #heads = new Map<string, string>();
  /** Paths of mirrors that nothing has been done to since they were last seen to be in order, but asking for what was there. */
  readonly #inOrder = new Set<string>();

  constructor(options: MirrorsOptions) {
    this.#options = options;
    this.#use = new MirrorUse(join(options.dir, 'mirrors'), this.#lock);
  }

  removeUnused(unusedMs: number, signal: AbortSignal): Promise<number> {
    return this.#use.removeUnused(unusedMs, signal);
  }

  known(commit: string): MirroredCommit | undefined {
    return this.#commits.get(commit);
  }

  remember(commit: MirroredCommit): void {
    keepLatest(this.#commits, [commit.sha, commit], rememberedCommits);
  }

  rememberHead(mirror: Mirror, branch: string, sha: string): void {
    keepLatest(this.#heads, [headKey(mirror, branch), sha], rememberedHeads);
  }

  /** null: it was not fetched by this process. */
  lastHead(repository: Repository, branch: string): string | null {
    const { mirror } = this.#open(repository, { ref: branch, onLine: ignore, signal: never });
    return this.#heads.get(headKey(mirror, branch)) ?? null;
  }

  fetch(mirror: Mirror, ref: string): Promise<MirroredCommit> {
    return mirror.fetch(ref, this.#commits);
  }

  /** A commit that is in the mirror costs no network. */
  async bring(mirror: Mirror, commit: string): Promise<void> {
    if (!(await mirror.has(commit))) await this.fetch(mirror, commit);
  }

  /**
   * Works on the mirror alone. Where Git fails for a reason that is neither the server's nor the request's, the mirror is taken to
   * be damaged; where it is full, older commits may fill it. Either way it is made anew, and the work is done once more. What is
   * too large after that is not kept.
   */
  async use<T>(repository: Repository, errand: Errand, work: (mirror: Mirror) => Promise<T>): Promise<T> {
    const { mirror, asked } = this.#open(repository, errand);
    return this.#lock.run(mirror.path, errand.signal, async () => {
      try {
        const isNew = this.#inOrder.delete(mirror.path) ? false : await mirror.ensure();
        await this.#use.note(mirror.path);
        const result = await work(mirror).catch((error: unknown) => {
          throw error instanceof MirrorFull && isNew ? error.asError() : error;
        });
        if (!mirror.isTouched) this.#inOrder.add(mirror.path);
        return result;
      } catch (error) {
        await this.#prepareAgain(mirror, error, asked);
      }
      await mirror.ensure();
      return work(mirror).catch(async (error: unknown) => {
        if (error instanceof MirrorFull) await mirror.destroy();
        throw explained(error instanceof MirrorFull ? error.asError() : error, asked);
      });
    });
  }

  /** Throws what trying again cannot help. */
  async #prepareAgain(mirror: Mirror, error: unknown, asked: Asked): Promise<void> {
    if (error instanceof CutoverError && error.code === 'repository_too_large') await mirror.destroy();
    if (!(error instanceof MirrorFull)) {
      if (!isSuspicious(error, asked)) throw explained(error, asked);
      this.#options.log.warn({ repository: asked.url, err: error }, 'the local mirror is damaged and is made anew');
    }
    await mirror.destroy();
  }

  /** One that the platform keeps itself: read from the disk, and only for its own project. Error: `repository_refused`. */
  #openHosted(
    project: string,
    repository: Repository,
    { ref, onLine, signal }: Errand,
  ): { readonly mirror: Mirror; readonly asked: Asked } {
    const { dir, hosted, allowed: _allowed, accesses: _accesses, ...options } = this.#options;
    if (hosted === null || project !== repository.project)
      throw new CutoverError('repository_refused', 'A repository of the platform is read for its own project only.');
    const path = join(dir, 'mirrors', nameOfMirror(repository.url, ''));
    const url = 'the repository that is pushed to';
    const context = {
      ...options,
      path,
      url: repository.url,
      remote: hosted(project),
      access: () => accessToDisk(hosted(project)),
      signal,
      onLine,
    };
    return { mirror: new Mirror(context), asked: { url, ref, shown: false } };
  }

  #open(repository: Repository, { ref, onLine, signal }: Errand): { readonly mirror: Mirror; readonly asked: Asked } {
    const { dir, allowed, accesses, hosted: _hosted, ...options } = this.#options;
    const own = ofPlatform(repository.url);
    if (own !== null) return this.#openHosted(own, repository, { ref, onLine, signal });
    const url = parseRepositoryUrl(repository.url, allowed);
    const credential = credentialFor(url, repository);
    // What was read with a project's credential is that project's alone.
    const name = nameOfMirror(url.identity, credential === null ? '' : repository.project);
    const path = join(dir, 'mirrors', name);
    const access = () => accesses.open(url, repository, signal);
    const mirror = new Mirror({ ...options, path, url: url.url, access, signal, onLine });
    // Whether the App has one to show is found out later.
    const shown = (credential !== null && credential.kind !== 'github-app') || url.authorization !== null;
    return { mirror, asked: { url: url.url, ref, shown } };
  }
}

const never = new AbortController().signal;

function ignore(): void {}

function headKey({ path }: Mirror, branch: string): string {
  return `${path}\0${branch}`;
}

function keepLatest<T>(map: Map<string, T>, [key, value]: readonly [string, T], most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > most) map.delete(oldest);
}

/** Of all ways to a repository only this one, which nobody's address can ask for. Error: `branch_not_found` where there is none yet. */
async function accessToDisk(path: string): Promise<RemoteAccess> {
  if (!existsSync(path)) throw new CutoverError('branch_not_found', 'Nothing has been pushed to the project yet.');
  return {
    environment: { GIT_ALLOW_PROTOCOL: 'file' },
    settings: [],
    secrets: [],
    withheld: null,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function nameOfMirror(identity: string, project: string): string {
  const text = project === '' ? identity : `${identity}\0${project}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

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
