import type { AppCredential, RepositoryCredential } from '../../domain/repository-credential.ts';
import type { CommitInfo } from '../../domain/source.ts';

/**
 * The door to code: to Git, and to directories that were sent. Nothing from outside is ever part of a shell string or can be read as an option.
 * Errors: `repository_refused`, `repository_not_found`, `repository_needs_credentials`, `repository_credentials_refused`,
 * `repository_host_changed`, `repository_unreachable`, `ref_invalid`, `branch_not_found`, `commit_not_found`,
 * `directory_not_found`, `disk_full`, `repository_too_large`, `lfs_missing`, `lfs_failed`, `archive_refused`. None of them, and no line, holds a credential.
 */
export interface Source {
  /** Brings the commit into the local mirror; without `commit`, the head of the branch as the server has it now. */
  fetch(request: FetchRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<CommitInfo>;
  /** The commit that this process believes `fetch` to bring, by what it brought before; null: it does not know. Asks nobody, and proves nothing. */
  expected(request: FetchRequest): Promise<CommitInfo | null>;
  /** Object id of the directory's tree at the commit: equal trees have equal ids. The commit must have been fetched. */
  treeId(repository: Repository, commit: string, directory: string, signal: AbortSignal): Promise<string>;
  /**
   * The same for what an app in this directory is made of, where nothing but the directory is sent to its build: everything in it, and the
   * files that stand directly in the directories above. null where more could belong to it.
   */
  appTreeId(repository: Repository, commit: string, directory: string, signal: AbortSignal): Promise<string | null>;
  /** A work tree of exactly that commit, at a path that belongs to `owner`; an older one of the same owner is replaced. */
  checkout(request: CheckoutRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<Checkout>;
  /** What is in the archive of a directory that somebody sent: read through, and checked as a whole, before any of it is written. */
  survey(archive: string, signal: AbortSignal): Promise<SentTree>;
  /** As `checkout`, of what is in such an archive, without any `.git`. Links are as they were sent, and nothing is written through one. */
  unpack(request: UnpackRequest, signal: AbortSignal): Promise<Checkout>;
  /** Removes what `checkout` or `unpack` made for this owner; absent is fine. */
  release(owner: string): Promise<void>;
  /** Owners that have a work tree on disk, for reconciliation. */
  owners(): Promise<readonly string[]>;
  /** Removes what is kept of repositories that nobody has read for so long; it is fetched again when it is needed. Resolves to how many. */
  removeUnused(unusedMs: number, signal: AbortSignal): Promise<number>;
  /** Whoever answers next for an ssh server of this project is believed to be that server; absent is fine. */
  forgetHostKeys(project: string): Promise<void>;
}

/** A repository, as one project reads it. */
export interface Repository {
  readonly url: string;
  /** Id of the project. What was read with a credential, and the host keys of servers, are kept apart by it. */
  readonly project: string;
  /** Shown to its own host only; for a repository elsewhere it is as if there were none. */
  readonly credential: RepositoryCredential | AppCredential | null;
}

export interface FetchRequest {
  readonly repository: Repository;
  readonly branch: string;
  readonly commit: string | null;
}

export interface CheckoutRequest {
  readonly repository: Repository;
  readonly commit: string;
  readonly owner: string;
  /** With the files of its submodules, and of theirs, each at the very commit that is recorded. */
  readonly submodules: boolean;
  /** With the content of files that are kept by Git LFS; without it these are pointers. */
  readonly lfs: boolean;
}

export interface SentTree {
  /** 64 hex digits: the same for the same paths, kinds, executable bits and contents. */
  readonly tree: string;
  readonly files: number;
  readonly sizeBytes: number;
}

export interface UnpackRequest {
  /** Absolute path of the archive. */
  readonly archive: string;
  readonly owner: string;
}

export interface Checkout {
  /** Absolute path of the work tree. */
  readonly path: string;
}
