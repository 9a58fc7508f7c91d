import { systemClock } from '../../../src/drivers/clock/system-clock.ts';
import { systemRandom } from '../../../src/drivers/clock/system-random.ts';
import { hashToken, newToken } from '../../../src/drivers/secrets/tokens.ts';
import type { Commands } from '../../../src/engine/commands/commands.ts';
import { bootstrapAdminToken, tokenCommands } from '../../../src/engine/commands/tokens.ts';
import { createApi } from '../../../src/http/api.ts';
import { serveApi, type ApiServer } from '../../../src/http/server.ts';
import type { System } from '../../../src/http/system.ts';
import { createDeploymentQueries } from '../../../src/store/deployment-queries.ts';
import { tokenStore } from '../../../src/store/tokens.ts';
import { MemoryWorld } from '../../simulation/memory/world.ts';
import type { BenchOptions } from '../figure.ts';
import { makeHistory } from './long-history.ts';
import { makeEnvironments, projectName } from './many-environments.ts';
import { memoryPlatform } from './memory-platform.ts';
import { openOwnDatabase, type OwnDatabase } from './own-database.ts';
import { pages, pageSize, sizeOf, timesOf, type Page, type Reader } from './page.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Milliseconds, by the name of the page. */
export type PageTimes = Readonly<Record<string, readonly number[]>>;

interface PagesServer extends AsyncDisposable {
  /** Of the list of deployments. */
  readonly url: string;
  readonly token: string;
  readonly inStore: PageTimes;
}

/** The history of one project behind the real API, and how long its store took. */
export async function servePages({ quick, say }: Pick<BenchOptions, 'quick' | 'say'>): Promise<PagesServer> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await openOwnDatabase());
  const { db } = database.database;
  const size = sizeOf({ quick });
  // An odd number of them with `production`: every state comes in every environment.
  await makeEnvironments(db, { projects: 1, environmentsEach: 50 });
  await makeHistory(db, { project: projectName(1), deployments: size.deployments, say });
  const inStore: Record<string, readonly number[]> = {};
  for (const page of pages) inStore[page.name] = await timesOf(page, await storeReader(database, page), size);
  const { server, token } = await serve(database);
  stack.defer(() => server.close());
  const owned = stack.move();
  return {
    url: `http://127.0.0.1:${server.port}/api/projects/${projectName(1)}/deployments`,
    token,
    inStore,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
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

async function serve(database: OwnDatabase): Promise<{ readonly server: ApiServer; readonly token: string }> {
  const tokens = { store: tokenStore(database.database.db), random: systemRandom, newToken, hashToken };
  const made: string[] = [];
  await bootstrapAdminToken(tokens, async (secret) => void made.push(secret));
  const world = new MemoryWorld({ clock: systemClock, random: systemRandom });
  const { deployments } = memoryPlatform({ database, world, log: silent });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else is asked
  const commands = { deployments, tokens: tokenCommands(tokens) } as unknown as Commands;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const app = createApi({ commands, system: {} as System, log: silent, shutdown: new AbortController().signal });
  return { server: await serveApi({ app, host: '127.0.0.1', port: 0 }), token: made[0] ?? '' };
}
