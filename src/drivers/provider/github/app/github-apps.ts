import { createHash } from 'node:crypto';
import type { GitHubApp } from '../../../../domain/github-app.ts';
import type { GitHubApps, Installation, TokenRequest } from '../../../../engine/ports/github-app.ts';
import { ProviderError } from '../../../../engine/ports/provider.ts';
import { isAnswer, translated } from '../answers.ts';
import { gitHubClient, type GitHubClient } from '../client.ts';
import { appToken } from './app-token.ts';
import { TokenCache } from './token-cache.ts';

/** Every call goes out by `fetch`; tokens are kept in memory. `now`: epoch ms. */
export function createGitHubApps(fetch: typeof globalThis.fetch, now: () => number = Date.now): GitHubApps {
  const tokens = new TokenCache(now);
  const asApp = <T>(app: GitHubApp, signal: AbortSignal, ask: Ask<T>) =>
    translated(() => askAsApp({ app, client: gitHubClient({ ...app, token: null, fetch }), now, signal }, ask), signal);
  return {
    slug: (app, signal) =>
      asApp(app, signal, async (client, asked) => {
        const { data } = await client.request('GET /app', asked);
        if (data === null || data.slug === undefined) throw new ProviderError('provider_refused', 'GitHub: no App');
        return data.slug;
      }),
    installation: (app, repository, signal) => asApp(app, signal, findInstallation(repository)),
    token: (app, request, signal) =>
      tokens.get(request.installationId, keyOf(app, request), () => asApp(app, signal, makeToken(request, now))),
    forget: (installationId) => tokens.forget(installationId),
  };
}

type AppAsked = {
  readonly headers: { readonly authorization: string };
  readonly request: { readonly signal: AbortSignal };
};

type Ask<T> = (client: GitHubClient, asked: AppAsked) => Promise<T>;

interface Asking {
  readonly app: GitHubApp;
  readonly client: GitHubClient;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** More than GitHub's patience with clocks that are not alike. */
const skewMs = 20_000;

/** Where this machine's clock is so wrong that GitHub does not believe the App, it is asked once more by GitHub's own. */
async function askAsApp<T>({ app, client, now, signal }: Asking, ask: Ask<T>): Promise<T> {
  const at = async (ms: number): Promise<AppAsked> => ({
    headers: { authorization: `Bearer ${await appToken(app, ms)}` },
    request: { signal },
  });
  try {
    return await ask(client, await at(now()));
  } catch (error) {
    const theirs = isAnswer(error) && error.status === 401 ? Date.parse(String(error.response.headers['date'])) : null;
    if (theirs === null || Number.isNaN(theirs) || Math.abs(theirs - now()) < skewMs) throw error;
    return await ask(client, await at(theirs));
  }
}

function findInstallation(repository: string): Ask<Installation> {
  return async (client, asked) => {
    try {
      const { data } = await client.request('GET /repos/{owner}/{repo}/installation', {
        ...asked,
        ...named(repository),
      });
      return { state: data.suspended_at === null ? 'installed' : 'suspended', id: String(data.id) };
    } catch (error) {
      // By another name, if at all: it was renamed, or moved.
      const isElsewhere = error instanceof ProviderError;
      if (isElsewhere || (isAnswer(error) && error.status === 404)) return { state: 'missing', id: null };
      throw error;
    }
  };
}

function named(repository: string): { readonly owner: string; readonly repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}

/** For reading code it may do nothing else. When it ends is counted by this machine's clock, however wrong that is. */
function makeToken({ installationId, repository, purpose }: TokenRequest, now: () => number) {
  return async (client: GitHubClient, asked: AppAsked) => {
    const { data, headers } = await client.request('POST /app/installations/{installation_id}/access_tokens', {
      ...asked,
      installation_id: Number(installationId),
      repositories: [named(repository).repo],
      ...(purpose === 'contents' ? { permissions: { contents: 'read' as const } } : {}),
    });
    const goodForMs = Date.parse(data.expires_at) - (Date.parse(headers.date ?? '') || now());
    return { token: data.token, expiresAt: now() + goodForMs };
  };
}

function keyOf({ appId, apiUrl, privateKey }: GitHubApp, { repository, purpose }: TokenRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([appId, apiUrl, privateKey, repository, purpose]))
    .digest('hex');
}
