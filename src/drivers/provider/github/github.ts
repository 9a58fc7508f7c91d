import type { ProviderAccess, ProviderMessage, PullRequestState } from '../../../domain/provider.ts';
import { ProviderError, type Provider } from '../../../engine/ports/provider.ts';
import { isAnswer, isLimit, translated } from './answers.ts';
import { gitHubClient, type GitHubClient } from './client.ts';
import { pages } from './pages.ts';
import { tellCommitDeployment, tellDeployment } from './deployments.ts';

export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

const perPage = 100;

/** GitHub's REST API, with a fine-grained or classic token, or one of an App's installation. */
export function openGitHub(access: ProviderAccess, fetch: typeof globalThis.fetch): Provider {
  const client = gitHubClient({ ...access, fetch });
  const [owner = '', repo = ''] = access.repository.split('/');
  const repository = { owner, repo };
  return {
    tell: (message, signal) => translated(() => tell(client, { ...repository, request: { signal } }, message), signal),
    pullRequest: (number, signal) =>
      translated(() => findPullRequest(client, { ...repository, pull_number: number, request: { signal } }), signal),
    openPullRequests: (signal) =>
      translated(async () => {
        const asked = { ...repository, state: 'open', per_page: perPage, request: { signal } } as const;
        const first = client.request('GET /repos/{owner}/{repo}/pulls', asked);
        const found: PullRequestState[] = [];
        for await (const page of pages(client, first, { signal })) found.push(...page.map(toState));
        return found;
      }, signal),
  };
}

/** Every call has the repository and the signal. */
export interface Asked extends Repository {
  readonly request: { readonly signal: AbortSignal };
}

async function tell(client: GitHubClient, asked: Asked, message: ProviderMessage): Promise<void> {
  switch (message.kind) {
    case 'comment':
      return comment(client, asked, message);
    case 'commit-status': {
      const { commit: sha, state, context, description, url } = message;
      const target = url === null ? {} : { target_url: url };
      await client.request('POST /repos/{owner}/{repo}/statuses/{sha}', {
        ...asked,
        sha,
        state,
        context,
        description,
        ...target,
      });
      return;
    }
    case 'deployment-status':
      return tellDeployment(client, asked, message);
    case 'commit-deployment':
      return tellCommitDeployment(client, asked, message);
  }
}

/** Edits the comment that carries the marker. One that may not be edited is somebody else's, who has copied it. */
async function comment(
  client: GitHubClient,
  asked: Asked,
  { pullRequest: issue_number, marker, body }: Extract<ProviderMessage, { kind: 'comment' }>,
): Promise<void> {
  const where = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments';
  const first = client.request(where, { ...asked, issue_number, per_page: perPage });
  for await (const page of pages(client, first, { signal: asked.request.signal, onCut: tooMany }))
    for (const found of page.filter((one) => one.body?.includes(marker) === true)) {
      if (found.body === body) return;
      const edit = { ...asked, comment_id: found.id, body };
      if (await permitted(() => client.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', edit)))
        return;
    }
  await client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...asked, issue_number, body });
}

/** Ours may be behind them: another one would be written with every change. */
function tooMany(): never {
  throw new ProviderError('provider_refused', 'GitHub: the pull request has too many comments to find ours among them');
}

async function permitted(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isAnswer(error) && (error.status === 404 || (error.status === 403 && !isLimit(error)))) return false;
    throw error;
  }
}

async function findPullRequest(
  client: GitHubClient,
  { pull_number, ...asked }: Asked & { readonly pull_number: number },
): Promise<PullRequestState | null> {
  try {
    return toState(
      (await client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', { ...asked, pull_number })).data,
    );
  } catch (error) {
    if (isAnswer(error) && error.status === 404) return null;
    throw error;
  }
}

interface WirePullRequest {
  readonly number: number;
  readonly state: string;
  readonly merged_at: string | null;
  readonly title: string;
  readonly html_url: string;
  readonly head: { readonly ref: string; readonly sha: string; readonly repo: WireRepository | null };
  readonly base: { readonly repo: WireRepository };
}

interface WireRepository {
  readonly id: number | bigint;
}

/** A fork that was deleted is still one. */
function toState(pull: WirePullRequest): PullRequestState {
  return {
    number: pull.number,
    open: pull.state === 'open',
    merged: pull.merged_at !== null,
    title: pull.title,
    link: pull.html_url,
    branch: pull.head.ref,
    commit: pull.head.sha,
    fromFork: pull.head.repo?.id !== pull.base.repo.id,
  };
}
