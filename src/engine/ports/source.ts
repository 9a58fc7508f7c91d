import type { CommitInfo } from '../../domain/source.ts';

/**
 * The door to Git. Nothing from outside is ever part of a shell string or can be read as an option.
 * Errors: `repository_refused`, `repository_not_found`, `repository_needs_credentials`, `repository_unreachable`,
 * `ref_invalid`, `branch_not_found`, `commit_not_found`, `directory_not_found`, `disk_full`.
 */
export interface Source {
  /** Brings the commit into the local mirror; without `commit`, the head of the branch as the server has it now. */
  fetch(request: FetchRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<CommitInfo>;
  /** Object id of the directory's tree at the commit: equal trees have equal ids. The commit must have been fetched. */
  treeId(repository: string, commit: string, directory: string, signal: AbortSignal): Promise<string>;
  /** A work tree of exactly that commit, at a path that belongs to `owner`; an older one of the same owner is replaced. */
  checkout(repository: string, commit: string, owner: string, signal: AbortSignal): Promise<Checkout>;
  /** Removes what `checkout` made for this owner; absent is fine. */
  release(owner: string): Promise<void>;
  /** Owners that have a work tree on disk, for reconciliation. */
  owners(): Promise<readonly string[]>;
}

export interface FetchRequest {
  readonly repository: string;
  readonly branch: string;
  readonly commit: string | null;
}

export interface Checkout {
  /** Absolute path of the work tree. */
  readonly path: string;
}
