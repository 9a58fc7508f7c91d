import { z } from 'zod';
import type { ProviderAccess, ProviderMessage, PullRequestState } from '../../../domain/provider.ts';
import { ProviderError, type Provider } from '../../../engine/ports/provider.ts';
import { anything, nextLink, RestClient } from '../rest-client.ts';

const repository = z.object({ id: z.int() });
const pull = z.object({
  number: z.int(),
  state: z.string(),
  merged: z.boolean(),
  title: z.string(),
  html_url: z.string(),
  head: z.object({ ref: z.string(), sha: z.string(), repo: repository.nullable() }),
  base: z.object({ repo: repository }),
});
const comment = z.object({ id: z.int(), body: z.string() });

/** The API of Gitea and Forgejo, version 1. They know no deployments. */
export function openGitea(access: ProviderAccess, fetch: typeof globalThis.fetch): Provider {
  const { apiUrl, token } = access;
  const client = new RestClient({ apiUrl, headers: { authorization: `token ${token}` }, fetch });
  const base = `/repos/${access.repository.split('/').map(encodeURIComponent).join('/')}`;
  return {
    tell: (message, signal) => tell(client, base, message, signal),
    async pullRequest(number, signal) {
      const found = await client.find(pull, { method: 'GET', path: `${base}/pulls/${number}`, signal });
      return found === null ? null : toState(found);
    },
    async openPullRequests(signal) {
      const path = `${base}/pulls?state=open&limit=50`;
      return (await client.all(z.array(pull), { method: 'GET', path, signal }, byLink)).map(toState);
    },
  };
}

function byLink<T>(items: readonly T[], headers: Headers) {
  return { items, next: nextLink(headers.get('link')) };
}

async function tell(client: RestClient, base: string, message: ProviderMessage, signal: AbortSignal): Promise<void> {
  if (message.kind === 'deployment-status' || message.kind === 'commit-deployment') return;
  if (message.kind === 'comment') return upsertComment(client, base, message, signal);
  const { commit, state, context, description, url } = message;
  const body = { state, context, description, ...(url === null ? {} : { target_url: url }) };
  await client.call(anything, { method: 'POST', path: `${base}/statuses/${commit}`, body, signal });
}

/** One that may not be edited is somebody else's, who has copied the marker. */
async function upsertComment(
  client: RestClient,
  base: string,
  { pullRequest, marker, body }: Extract<ProviderMessage, { kind: 'comment' }>,
  signal: AbortSignal,
): Promise<void> {
  const path = `${base}/issues/${pullRequest}/comments`;
  const comments = await client.all(
    z.array(comment),
    { method: 'GET', path: `${path}?limit=50`, signal, whole: true },
    // Of thousands of comments only those that may be ours are kept.
    (all, headers) =>
      byLink(
        all.filter((one) => one.body.includes(marker)),
        headers,
      ),
  );
  for (const found of comments) {
    if (found.body === body) return;
    const edit = { method: 'PATCH', path: `${base}/issues/comments/${found.id}`, body: { body }, signal } as const;
    const edited = await client.call(anything, edit).then(() => true, refusedOnly);
    if (edited) return;
  }
  await client.call(anything, { method: 'POST', path, body: { body }, signal });
}

function refusedOnly(error: unknown): false {
  if (error instanceof ProviderError && error.code === 'provider_refused') return false;
  throw error;
}

function toState(one: z.output<typeof pull>): PullRequestState {
  return {
    number: one.number,
    open: one.state === 'open',
    merged: one.merged,
    title: one.title,
    link: one.html_url,
    branch: one.head.ref,
    commit: one.head.sha,
    fromFork: one.head.repo?.id !== one.base.repo.id,
  };
}
