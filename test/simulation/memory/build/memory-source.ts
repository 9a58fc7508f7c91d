import { CutoverError } from '../../../../src/domain/errors.ts';
import type { CommitInfo } from '../../../../src/domain/source.ts';
import { checkBranch, checkCommit, checkOwner, treePath } from '../../../../src/drivers/source/git/refs.ts';
import { parseRepositoryUrl } from '../../../../src/drivers/source/git/repository-url.ts';
import type { Checkout, FetchRequest, Source } from '../../../../src/engine/ports/source.ts';
import type { Caller } from '../runtime/memory-runtime.ts';
import type { Checkouts } from './checkouts.ts';
import type { Commit, Repositories } from './repositories.ts';

export interface SourceParts {
  readonly repositories: Repositories;
  readonly checkouts: Checkouts;
}

/** The repositories of the world, as one control plane reaches them. */
export class MemorySource implements Source {
  readonly #parts: SourceParts;
  readonly #life: AbortSignal;

  constructor(parts: SourceParts, { life }: Pick<Caller, 'life'>) {
    this.#parts = parts;
    this.#life = life;
  }

  async fetch(request: FetchRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<CommitInfo> {
    this.#begin(signal);
    const { repository: url, branch, commit: sha } = request;
    checkBranch(branch);
    if (sha !== null) checkCommit(sha);
    const { url: shown } = parseRepositoryUrl(url, ['https', 'ssh']);
    const { repositories } = this.#parts;
    const mirrored = sha === null ? null : this.#mirrored(url, sha);
    if (mirrored !== null) return mirrored.info;
    repositories.requests += 1;
    const repository = repositories.find(url);
    if (repository === null) throw new CutoverError('repository_not_found', `There is no repository at ${shown}.`);
    const found = sha === null ? repository.head(branch) : repository.find(sha);
    if (found === null && sha === null) throw new CutoverError('branch_not_found', `${shown} has no branch ${branch}.`);
    if (found === null) throw new CutoverError('commit_not_found', `${shown} has no commit ${sha}.`);
    onLine('Receiving objects: 100% (1/1), done.');
    repositories.mirrored.add(`${url} ${found.info.sha}`);
    return found.info;
  }

  async treeId(url: string, sha: string, directory: string, signal: AbortSignal): Promise<string> {
    this.#begin(signal);
    checkCommit(sha);
    const path = treePath(directory);
    const id = this.#fetched(url, sha).treeId(path);
    if (id === null) throw new CutoverError('directory_not_found', `There is no directory "${path}" at ${sha}.`);
    return id;
  }

  async checkout(url: string, sha: string, owner: string, signal: AbortSignal): Promise<Checkout> {
    this.#begin(signal);
    checkCommit(sha);
    checkOwner(owner);
    return { path: this.#parts.checkouts.put(owner, this.#fetched(url, sha)) };
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
  #fetched(url: string, sha: string): Commit {
    const commit = this.#parts.repositories.find(url)?.find(sha);
    if (commit === null || commit === undefined)
      throw new CutoverError('commit_not_found', `There is no commit ${sha}.`);
    this.#parts.repositories.mirrored.add(`${url} ${sha}`);
    return commit;
  }

  #mirrored(url: string, sha: string): Commit | null {
    const { repositories } = this.#parts;
    return repositories.mirrored.has(`${url} ${sha}`) ? (repositories.find(url)?.find(sha) ?? null) : null;
  }

  #begin(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#life.throwIfAborted();
  }
}
