import { systemRandom } from '../../../src/drivers/clock/system-random.ts';
import { systemClock } from '../../../src/drivers/clock/system-clock.ts';
import { hashToken, newToken } from '../../../src/drivers/secrets/tokens.ts';
import { bootstrapAdminToken, tokenCommands } from '../../../src/engine/commands/tokens.ts';
import type { Commands } from '../../../src/engine/commands/commands.ts';
import type { DeploymentState } from '../../../src/domain/deployment-state.ts';
import { createApi } from '../../../src/http/api.ts';
import { serveApi } from '../../../src/http/server.ts';
import type { System } from '../../../src/http/system.ts';
import { createDeploymentQueries } from '../../../src/store/deployment-queries.ts';
import { tokenStore } from '../../../src/store/tokens.ts';
import { MemoryWorld } from '../../simulation/memory/world.ts';
import { atLeast, atMost, quantile, type BenchOptions, type Figure } from '../figure.ts';
import { makeHistory } from './long-history.ts';
import { makeEnvironments, projectName } from './many-environments.ts';
import { memoryPlatform } from './memory-platform.ts';
import { openOwnDatabase, type OwnDatabase } from './own-database.ts';

const bench = 'scale';
const barMs = 20;
const pageSize = 50;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Page {
  readonly name: string;
  readonly environment?: string;
  readonly state?: DeploymentState;
  readonly fromTheMiddle?: boolean;
  /** Deployments that it shows. */
  readonly shows: number;
}

const pages: readonly Page[] = [
  { name: 'the newest', shows: pageSize },
  { name: 'from anywhere, by the cursor', fromTheMiddle: true, shows: pageSize },
  { name: 'the newest of an environment', environment: 'e7', shows: pageSize },
  { name: 'the newest that failed', state: 'failed', shows: pageSize },
  { name: 'from anywhere, that failed', state: 'failed', fromTheMiddle: true, shows: pageSize },
  { name: 'the newest of an environment that failed', environment: 'e7', state: 'failed', shows: pageSize },
  { name: 'those that run: none', state: 'running', shows: 0 },
];

/** Pages of the history of one project, from the real store, and over HTTP with everything that is checked there. */
export async function measurePages({ quick, say }: Pick<BenchOptions, 'quick' | 'say'>): Promise<readonly Figure[]> {
  const deployments = quick ? 100_000 : 1_000_000;
  const rounds = quick ? 200 : 1_000;
  await using database = await openOwnDatabase();
  const { db } = database.database;
  // An odd number of them: every state comes in every environment.
  await makeEnvironments(db, { projects: 1, environmentsEach: 50 });
  await makeHistory(db, { project: projectName(1), deployments, say });
  await using api = await serve(database);
  const figures: Figure[] = [];
  for (const page of pages) {
    const before = () => 1_000 + Math.floor((deployments - 1_000) * Math.random());
    const [store, http] = [await storeReader(database, page), api.reader(page)];
    const [inStore, overHttp] = [
      await measure(store, { page, rounds, before }),
      await measure(http, { page, rounds, before }),
    ];
    say(`${page.name}: ${describe(inStore)} in the store, ${describe(overHttp)} over HTTP`);
    const metric = `page of ${pageSize}, ${page.name}`;
    figures.push(
      atMost(barMs, { bench, metric: `${metric}: p99 in the store`, value: quantile(inStore, 0.99), unit: 'ms' }),
      atMost(barMs, { bench, metric: `${metric}: p99 over HTTP`, value: quantile(overHttp, 0.99), unit: 'ms' }),
    );
  }
  return [
    atLeast(deployments, { bench, metric: 'deployments in the table', value: deployments, unit: 'deployments' }),
    ...figures,
  ];
}

/** Resolves to how many it showed. `before`: only numbers below it. */
type Reader = (before: number | null) => Promise<number>;

interface Measuring {
  readonly page: Page;
  readonly rounds: number;
  readonly before: () => number;
}

/** A few rounds come first, as on a platform that has been running for a moment. */
async function measure(read: Reader, { page, rounds, before }: Measuring): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let round = -20; round < rounds; round += 1) {
    const began = performance.now();
    const shown = await read(page.fromTheMiddle === true ? before() : null);
    if (round >= 0) samples.push(performance.now() - began);
    if (shown !== page.shows) throw new Error(`${page.name} showed ${shown} deployments, not ${page.shows}`);
  }
  return samples;
}

async function storeReader({ database: { db } }: OwnDatabase, { environment, state }: Page): Promise<Reader> {
  const queries = createDeploymentQueries(db);
  const place = await db
    .selectFrom('environment')
    .select(['id', 'project_id'])
    .where('name', '=', environment ?? 'production')
    .executeTakeFirstOrThrow();
  return async (before) => {
    const list = await queries.list({
      projectId: place.project_id,
      limit: pageSize,
      ...(environment === undefined ? {} : { environmentId: place.id }),
      ...(state === undefined ? {} : { state }),
      ...(before === null ? {} : { before }),
    });
    return list.length;
  };
}

interface Api extends AsyncDisposable {
  reader(page: Page): Reader;
}

async function serve(database: OwnDatabase): Promise<Api> {
  const { db } = database.database;
  const tokens = { store: tokenStore(db), random: systemRandom, newToken, hashToken };
  let secret = '';
  await bootstrapAdminToken(tokens, async (fresh) => void (secret = fresh));
  const world = new MemoryWorld({ clock: systemClock, random: systemRandom });
  const { deployments } = memoryPlatform({ database, world, log: silent });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else is asked
  const commands = { deployments, tokens: tokenCommands(tokens) } as unknown as Commands;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const app = createApi({ commands, system: {} as System, log: silent, shutdown: new AbortController().signal });
  const server = await serveApi({ app, host: '127.0.0.1', port: 0 });
  const base = `http://127.0.0.1:${server.port}/api/projects/${projectName(1)}/deployments`;
  return {
    reader:
      ({ environment, state }) =>
      async (before) => {
        const query = new URLSearchParams({ limit: String(pageSize) });
        if (environment !== undefined) query.set('environment', environment);
        if (state !== undefined) query.set('state', state);
        if (before !== null) query.set('before', String(before));
        const answer = await fetch(`${base}?${query}`, { headers: { authorization: `Bearer ${secret}` } });
        if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract says so, and its tests look
        const { deployments: list } = (await answer.json()) as { readonly deployments: readonly unknown[] };
        return list.length;
      },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function describe(samples: readonly number[]): string {
  return `p50 ${quantile(samples, 0.5).toFixed(1)} ms, p99 ${quantile(samples, 0.99).toFixed(1)} ms`;
}
