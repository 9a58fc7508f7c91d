import { nextLink } from '../rest-client.ts';
import type { GitHubClient } from './client.ts';

/** More pages than this are not asked for. */
const mostPages = 100;

interface Page<T> {
  readonly data: readonly T[];
  readonly headers: { readonly link?: string | undefined };
}

/** The first page and those that follow, each when the one before has been looked at. `onCut`: there are more than are asked for. */
export async function* pages<T>(
  client: GitHubClient,
  first: Promise<Page<T>>,
  { signal, onCut }: { readonly signal: AbortSignal; readonly onCut?: () => never },
): AsyncGenerator<readonly T[]> {
  let page = await first;
  for (let count = 1; ; count += 1) {
    yield page.data;
    const url = nextLink(page.headers.link ?? null);
    if (url === null) return;
    if (count === mostPages) return onCut?.();
    page = await client.request({ method: 'GET', url, request: { signal } });
  }
}
