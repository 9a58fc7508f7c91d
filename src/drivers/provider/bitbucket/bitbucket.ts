import { z } from 'zod';
import type { ProviderAccess, ProviderMessage, PullRequestState } from '../../../domain/provider.ts';
import { ProviderError, type Provider } from '../../../engine/ports/provider.ts';
import { anything, RestClient } from '../rest-client.ts';

const repository = z.object({ uuid: z.string() });
const side = z.object({
  branch: z.object({ name: z.string() }),
  commit: z.object({ hash: z.string() }).nullable(),
  repository: repository.nullable(),
});
const pull = z.object({
  id: z.int(),
  state: z.string(),
  title: z.string(),
  links: z.object({ html: z.object({ href: z.string() }) }),
  source: side,
  destination: side,
});
const comment = z.object({ id: z.int(), deleted: z.boolean().default(false), content: z.object({ raw: z.string() }) });
const pageOf = <S extends z.ZodType>(value: S) => z.object({ values: z.array(value), next: z.string().optional() });

const states = { pending: 'INPROGRESS', success: 'SUCCESSFUL', failure: 'FAILED' } as const;

/** Bitbucket Cloud's API, version 2, with a repository access token. Deployments are its pipelines' alone. */
export function openBitbucket(access: ProviderAccess, fetch: typeof globalThis.fetch): Provider {
  const { apiUrl, token } = access;
  const client = new RestClient({ apiUrl, headers: { authorization: `Bearer ${token}` }, fetch });
  const base = `/repositories/${access.repository.split('/').map(encodeURIComponent).join('/')}`;
  return {
    tell: (message, signal) => tell(client, base, message, signal),
    async pullRequest(number, signal) {
      const found = await client.find(pull, { method: 'GET', path: `${base}/pullrequests/${number}`, signal });
      return found === null ? null : toState(found);
    },
    async openPullRequests(signal) {
      const path = `${base}/pullrequests?state=OPEN&pagelen=50`;
      return (await client.all(pageOf(pull), { method: 'GET', path, signal }, byNext)).map(toState);
    },
  };
}

function byNext<T>({ values, next }: { readonly values: readonly T[]; readonly next?: string | undefined }) {
  return { items: values, next: next ?? null };
}

/** A status has to have an address; where there is none it is the one of the commit itself. */
async function tell(client: RestClient, base: string, message: ProviderMessage, signal: AbortSignal): Promise<void> {
  if (message.kind === 'deployment-status' || message.kind === 'commit-deployment') return;
  if (message.kind === 'comment') return upsertComment(client, base, message, signal);
  const { commit, state, context, description, url } = message;
  const fallback = `https://bitbucket.org${base.replace('/repositories', '')}/commits/${commit}`;
  const body = { key: context.slice(0, 40), name: context, state: states[state], description, url: url ?? fallback };
  await client.call(anything, { method: 'POST', path: `${base}/commit/${commit}/statuses/build`, body, signal });
}

/** One that may not be edited is somebody else's, who has copied the marker. */
async function upsertComment(
  client: RestClient,
  base: string,
  { pullRequest, marker, body: raw }: Extract<ProviderMessage, { kind: 'comment' }>,
  signal: AbortSignal,
): Promise<void> {
  const path = `${base}/pullrequests/${pullRequest}/comments`;
  const comments = await client.all(
    pageOf(comment),
    { method: 'GET', path: `${path}?pagelen=100`, signal, whole: true },
    // Of thousands of comments only those that may be ours are kept.
    ({ values, next }) =>
      byNext({ values: values.filter(({ deleted, content }) => !deleted && content.raw.includes(marker)), next }),
  );
  const body = { content: { raw } };
  for (const found of comments) {
    if (found.content.raw === raw) return;
    const edit = { method: 'PUT', path: `${path}/${found.id}`, body, signal } as const;
    if (await client.call(anything, edit).then(() => true, refusedOnly)) return;
  }
  await client.call(anything, { method: 'POST', path, body, signal });
}

function refusedOnly(error: unknown): false {
  if (error instanceof ProviderError && error.code === 'provider_refused') return false;
  throw error;
}

/** The source of a pull request names its commit by its first digits only. */
function toState({ id, state, title, links, source, destination }: z.output<typeof pull>): PullRequestState {
  return {
    number: id,
    open: state === 'OPEN',
    merged: state === 'MERGED',
    title,
    link: links.html.href,
    branch: source.branch.name,
    commit: /^[0-9a-f]{40}$/.exec(source.commit?.hash ?? '')?.[0] ?? null,
    fromFork: source.repository?.uuid !== destination.repository?.uuid,
  };
}
