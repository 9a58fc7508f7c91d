/** Who made what happened, as the provider tells it. */
export interface EventAuthor {
  readonly name: string;
  readonly email: string | null;
}

/** Commits arrived on a branch. */
export interface PushEvent {
  readonly kind: 'push';
  readonly branch: string;
  /** 40 hex digits: what the branch points to now. */
  readonly commit: string;
  /** 40 hex digits; null: the branch is new. */
  readonly before: string | null;
  /** First line of the newest commit's message. */
  readonly message: string;
  /** What in that message asks for no deployment, as `[skip ci]`; null: nothing does. See `skipPhraseOf`. */
  readonly skipPhrase: string | null;
  readonly author: EventAuthor;
  /** Of all its commits, each once; null where the provider does not tell, or tells only some. */
  readonly changedPaths: readonly string[] | null;
}

export interface BranchDeletedEvent {
  readonly kind: 'branch-deleted';
  readonly branch: string;
}

export interface TagEvent {
  readonly kind: 'tag';
  readonly tag: string;
  /** 40 hex digits; null: the tag was deleted. */
  readonly commit: string | null;
}

/** A pull request, or merge request, was opened, got new commits, was closed (merged or not), or was opened again. */
export interface PullRequestEvent {
  readonly kind: 'pull-request';
  readonly action: 'opened' | 'synchronized' | 'closed' | 'reopened';
  readonly number: number;
  readonly title: string;
  /** For people. */
  readonly url: string;
  readonly headBranch: string;
  /** 40 hex digits; of Bitbucket, which tells no more, the first 12, or '' where its branch is gone. */
  readonly headCommit: string;
  readonly baseBranch: string;
  /** Its commits are in a repository other than the one it asks to be merged into. */
  readonly fromFork: boolean;
  readonly merged: boolean;
  readonly author: EventAuthor;
}

/** The GitHub App of the platform was installed, suspended or removed somewhere, or is there for other repositories than before. */
export interface InstallationEvent {
  readonly kind: 'installation';
  /** As GitHub numbers it. */
  readonly installation: string;
  /** Whose it is. */
  readonly account: string;
  /** As GitHub names it: `created`, `suspend`, `removed`. */
  readonly action: string;
}

/** What happened in a repository, whichever provider tells it, or with who may act there. */
export type RepositoryEvent = PushEvent | BranchDeletedEvent | TagEvent | PullRequestEvent | InstallationEvent;
