import { Octokit } from '@octokit/core';
import { ProviderError } from '../../../engine/ports/provider.ts';

export type GitHubClient = Octokit;

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface ClientOptions {
  readonly apiUrl: string;
  /** null: every call says itself who asks. */
  readonly token: string | null;
  readonly fetch: typeof globalThis.fetch;
}

/** Octokit, saying nothing on its own, and following nobody elsewhere. */
export function gitHubClient({ apiUrl, token, fetch }: ClientOptions): GitHubClient {
  const auth = token === null ? {} : { auth: token };
  const client = new Octokit({ ...auth, baseUrl: apiUrl, userAgent: 'cutover', request: { fetch }, log: silent });
  // Where a page is said to be elsewhere, the token would be shown there.
  client.hook.before('request', ({ url }) => {
    if (/^https?:/i.test(url) && !url.startsWith(`${apiUrl}/`))
      throw new ProviderError('provider_unavailable', `GitHub: the next page is elsewhere: ${url.slice(0, 200)}`);
  });
  // Octokit takes a redirect that nobody follows for an answer.
  client.hook.after('request', ({ status, url }) => {
    if (status >= 300) throw new ProviderError('provider_refused', `GitHub: ${status}, ${url} is elsewhere now`);
  });
  return client;
}
