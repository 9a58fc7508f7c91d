import type { EventAuthor, PullRequestEvent, RepositoryEvent } from '../../domain/repository-event.ts';
import { skipPhraseOf } from '../../domain/skip-phrase.ts';
import type { WebhookReading } from '../../domain/webhook.ts';
import { branchOf, firstLine, shaOrNull, tagOf } from './payload.ts';

export type Understood = Pick<WebhookReading, 'events' | 'ignored'>;

/** `otherwise`: why nothing follows from it, where it is null. */
export function understood(event: RepositoryEvent | null, otherwise: string): Understood {
  return event === null ? { events: [], ignored: otherwise } : { events: [event], ignored: null };
}

/** What GitHub, GitLab and Gitea tell of a push. A branch or tag that is not there is at the commit of zeros. */
export interface ToldPush {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  /** Whole, of the newest commit; undefined where they do not tell it. */
  readonly message: string | undefined;
  readonly author: EventAuthor;
  readonly changedPaths: readonly string[] | null;
}

/** null: it was a push to neither a branch nor a tag. */
export function pushEvent({
  ref,
  before,
  after,
  message = '',
  author,
  changedPaths,
}: ToldPush): RepositoryEvent | null {
  const [branch, tag] = [branchOf(ref), tagOf(ref)];
  const commit = shaOrNull(after);
  if (tag !== null) return { kind: 'tag', tag, commit };
  if (branch === null) return null;
  if (commit === null) return { kind: 'branch-deleted', branch };
  return {
    kind: 'push',
    branch,
    commit,
    before: shaOrNull(before),
    message: firstLine(message),
    skipPhrase: skipPhraseOf(message),
    author,
    changedPaths,
  };
}

/** What GitHub and Gitea tell of a pull request. */
export interface ToldPullRequest {
  readonly action: string;
  readonly number: number;
  readonly pull_request: {
    readonly title: string;
    readonly html_url: string;
    readonly merged?: boolean | null | undefined;
    readonly user?: { readonly login: string } | null | undefined;
    readonly head: { readonly ref: string; readonly sha: string };
    readonly base: { readonly ref: string };
  };
}

const actions: ReadonlyMap<string, PullRequestEvent['action']> = new Map([
  ['opened', 'opened'],
  ['synchronize', 'synchronized'],
  // So Gitea calls it.
  ['synchronized', 'synchronized'],
  ['closed', 'closed'],
  ['reopened', 'reopened'],
]);

/** null: nothing follows from that action. */
export function pullRequestEvent(told: ToldPullRequest, fromFork: boolean): PullRequestEvent | null {
  const action = actions.get(told.action);
  if (action === undefined) return null;
  const { title, html_url: url, merged, user, head, base } = told.pull_request;
  return {
    kind: 'pull-request',
    action,
    number: told.number,
    title: firstLine(title),
    url,
    headBranch: head.ref,
    headCommit: head.sha,
    baseBranch: base.ref,
    fromFork,
    merged: merged ?? false,
    author: { name: user?.login ?? 'unknown', email: null },
  };
}
