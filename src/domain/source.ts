/** One commit, as Git tells it. */
export interface CommitInfo {
  /** 40 hex digits. */
  readonly sha: string;
  /** First line of the message. */
  readonly message: string;
  readonly author: string;
  /** ISO 8601. */
  readonly committedAt: string;
}

/** Where a deployment's code comes from (rule 2.1). What was asked for is fixed at the trigger; `commit` is filled in once. */
export interface DeploymentSource {
  readonly kind: 'git';
  readonly repository: string;
  readonly branch: string;
  /** 40 hex digits; null means the head of the branch when the repository is first read. */
  readonly requestedCommit: string | null;
  /** null until the repository has been read. Every later step uses this and nothing else. */
  readonly commit: CommitInfo | null;
}

export interface Trigger {
  readonly kind: 'manual' | 'automatic';
  /** Name of the token; `cutover` for what the platform does by itself. */
  readonly by: string;
  readonly noCache: boolean;
}
