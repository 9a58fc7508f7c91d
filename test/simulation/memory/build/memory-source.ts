import { CutoverError } from '../../../../src/domain/errors.ts';
import type { CommitInfo } from '../../../../src/domain/source.ts';
import { checkBranch, checkCommit, checkOwner, treePath } from '../../../../src/drivers/source/git/refs.ts';
import { parseRepositoryUrl } from '../../../../src/drivers/source/git/repository-url.ts';
import type {
  Checkout,
  CheckoutRequest,
  FetchRequest,
  Repository,
  SentTree,
  Source,
  UnpackRequest,
} from '../../../../src/engine/ports/source.ts';
import type { Caller } from '../runtime/reach.ts';
import type { UploadFiles } from '../memory-uploads.ts';
import type { AppFiles } from './app-files.ts';
import type { Checkouts } from './checkouts.ts';
import { Commit, type Repositories, type ServedRepository } from './repositories.ts';
import { surveySent, unpackSent } from './sent-directory.ts';

export interface SourceParts {
  readonly repositories: Repositories;
  readonly checkouts: Checkouts;
  readonly uploads: UploadFiles;
  readonly appIn: (archive: Buffer) => AppFiles | null;
}

/** The repositories of the world, as one control plane reaches them. */
export class MemorySource implements Source {
  readonly #parts: SourceParts;
  readonly #life: AbortSignal;
  /** What each branch pointed to when it was last fetched. */
  readonly #heads = new Map<string, CommitInfo>();

  constructor(parts: SourceParts, { life }: Pick<Caller, 'life'>) {
    this.#parts = parts;
    this.#life = life;
  }

  async fetch(request: FetchRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<CommitInfo> {
    this.#begin(signal);
    const { repository: address, branch, commit: sha } = request;
    checkBranch(branch);
    if (sha !== null) checkCommit(sha);
    const { url: shown } = parseRepositoryUrl(address.url, ['https', 'ssh']);
    const { repositories } = this.#parts;
    const mirrored = sha === null ? null : this.#mirrored(address, sha);
    if (mirrored !== null) return this.#remember(request, mirrored.info);
    repositories.requests += 1;
    const repository = this.#reached(address);
    const found = sha === null ? repository.head(branch) : repository.find(sha);
    if (found === null && sha === null) throw new CutoverError('branch_not_found', `${shown} has no branch ${branch}.`);
    if (found === null) throw new CutoverError('commit_not_found', `${shown} has no commit ${sha}.`);
    onLine('Receiving objects: 100% (1/1), done.');
    repositories.mirrored.add(mirrorKey(address, found.info.sha));
    return this.#remember(request, found.info);
  }

  async expected({ repository, branch, commit }: FetchRequest): Promise<CommitInfo | null> {
    this.#life.throwIfAborted();
    if (commit === null) return this.#heads.get(mirrorKey(repository, branch)) ?? null;
    return [...this.#heads.values()].find(({ sha }) => sha === commit) ?? null;
  }

  async removeUnused(unusedMs: number, signal: AbortSignal): Promise<number> {
    this.#begin(signal);
    if (unusedMs > 0) return 0;
    const { mirrored } = this.#parts.repositories;
    const count = new Set([...mirrored].map((key) => key.slice(0, key.lastIndexOf(' ')))).size;
    mirrored.clear();
    return count;
  }

  #remember({ repository, branch }: FetchRequest, info: CommitInfo): CommitInfo {
    this.#heads.set(mirrorKey(repository, branch), info);
    return info;
  }

  async treeId(repository: Repository, sha: string, directory: string, signal: AbortSignal): Promise<string> {
    this.#begin(signal);
    checkCommit(sha);
    const path = treePath(directory);
    const id = this.#fetched(repository, sha).treeId(path);
    if (id === null) throw new CutoverError('directory_not_found', `There is no directory "${path}" at ${sha}.`);
    return id;
  }

  async appTreeId(repository: Repository, sha: string, directory: string, signal: AbortSignal): Promise<string | null> {
    const own = await this.treeId(repository, sha, directory, signal);
    const path = treePath(directory);
    if (path === '') return own;
    return this.#fetched(repository, sha).idWithFilesAbove(own, path);
  }

  async checkout(request: CheckoutRequest, _onLine: (line: string) => void, signal: AbortSignal): Promise<Checkout> {
    const { repository, commit: sha, owner } = request;
    this.#begin(signal);
    checkCommit(sha);
    checkOwner(owner);
    return { path: this.#parts.checkouts.put(owner, this.#fetched(repository, sha)) };
  }

  async survey(archive: string, signal: AbortSignal): Promise<SentTree> {
    this.#begin(signal);
    return surveySent(this.#sent(archive), signal);
  }

  async unpack({ archive, owner }: UnpackRequest, signal: AbortSignal): Promise<Checkout> {
    this.#begin(signal);
    checkOwner(owner);
    this.#parts.checkouts.remove(owner);
    const sent = this.#sent(archive);
    const files = await unpackSent(sent, signal);
    const app = this.#parts.appIn(sent);
    const nobodys = { sha: '', message: '', author: '', committedAt: '' };
    return {
      path: this.#parts.checkouts.put(owner, new Commit(nobodys, { files, apps: app === null ? {} : { '': app } })),
    };
  }

  #sent(path: string): Buffer {
    const archive = this.#parts.uploads.read(path);
    if (archive === null) throw new CutoverError('upload_gone', `there is nothing at ${path}`);
    return archive;
  }

  async release(owner: string): Promise<void> {
    this.#life.throwIfAborted();
    checkOwner(owner);
    this.#parts.checkouts.remove(owner);
  }

  async owners(): Promise<readonly string[]> {
    return this.#parts.checkouts.owners();
  }

  /** One that is not in the mirror is brought, as a mirror that was lost would be made anew. */
  #fetched(repository: Repository, sha: string): Commit {
    const known = this.#mirrored(repository, sha);
    if (known !== null) return known;
    const commit = this.#reached(repository).find(sha);
    if (commit === null) throw new CutoverError('commit_not_found', `There is no commit ${sha}.`);
    this.#parts.repositories.mirrored.add(mirrorKey(repository, sha));
    return commit;
  }

  #mirrored(repository: Repository, sha: string): Commit | null {
    const { repositories } = this.#parts;
    return repositories.mirrored.has(mirrorKey(repository, sha))
      ? (repositories.find(repository.url)?.find(sha) ?? null)
      : null;
  }

  /** As its server lets whoever asks reach it. */
  #reached(address: Repository): ServedRepository {
    const { url } = parseRepositoryUrl(address.url, ['https', 'ssh']);
    const repository = this.#parts.repositories.find(address.url);
    if (repository === null) throw new CutoverError('repository_not_found', `There is no repository at ${url}.`);
    const shown = shownTo(address);
    if (repository.token === null || repository.token === shown) return repository;
    if (shown === null) throw new CutoverError('repository_needs_credentials', `${url} asks for credentials.`);
    throw new CutoverError('repository_credentials_refused', `${url} does not take the credentials that were set.`);
  }

  /** Nobody pretends to be a server here. */
  async forgetHostKeys(): Promise<void> {
    this.#life.throwIfAborted();
  }

  #begin(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#life.throwIfAborted();
  }
}

/** The token that the server sees; null: none, or it is meant for another server. */
function shownTo({ url, credential }: Repository): string | null {
  const { host } = parseRepositoryUrl(url, ['https', 'ssh']);
  return credential?.kind === 'token' && credential.host === host ? credential.token : null;
}

/** What was read with a project's credential is that project's alone. */
function mirrorKey(repository: Repository, sha: string): string {
  return `${repository.url} ${shownTo(repository) === null ? '' : repository.project} ${sha}`;
}
