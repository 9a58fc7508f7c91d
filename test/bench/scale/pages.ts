import { atLeast, atMost, quantile, type BenchOptions, type Figure } from '../figure.ts';
import { OwnProcess } from './own-process.ts';
import { pages, pageSize, sizeOf, timesOf, type Page, type Reader } from './page.ts';

const bench = 'scale';
const barMs = 20;

/** Pages of the history of one project: from the real store, and over HTTP with everything that is checked there. */
export async function measurePages({ quick, say }: Pick<BenchOptions, 'quick' | 'say'>): Promise<readonly Figure[]> {
  const size = sizeOf({ quick });
  await using serving = new OwnProcess('pages', { quick, say });
  const message = await serving.next();
  if (message.type !== 'serving') throw new Error(`the process of the bench has told ${message.type}`);
  const figures: Figure[] = [];
  for (const page of pages) {
    const inStore = message.inStore[page.name] ?? [];
    const overHttp = await timesOf(page, reader(message, page), size);
    say(`${page.name}: ${describe(inStore)} in the store, ${describe(overHttp)} over HTTP`);
    const metric = `page of ${pageSize}, ${page.name}`;
    figures.push(
      atMost(barMs, { bench, metric: `${metric}: p99 in the store`, value: quantile(inStore, 0.99), unit: 'ms' }),
      atMost(barMs, { bench, metric: `${metric}: p99 over HTTP`, value: quantile(overHttp, 0.99), unit: 'ms' }),
    );
  }
  const { deployments } = size;
  const filled = { bench, metric: 'deployments in the table', value: deployments, unit: 'deployments' };
  return [atLeast(deployments, filled), ...figures];
}

function reader(
  { url, token }: { readonly url: string; readonly token: string },
  { environment, state }: Page,
): Reader {
  return async (before) => {
    const query = new URLSearchParams({ limit: String(pageSize) });
    if (environment !== undefined) query.set('environment', environment);
    if (state !== undefined) query.set('state', state);
    if (before !== null) query.set('before', String(before));
    const answer = await fetch(`${url}?${query}`, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract says so, and its tests look
    const { deployments } = (await answer.json()) as { readonly deployments: readonly unknown[] };
    return deployments.length;
  };
}

function describe(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`;
}
