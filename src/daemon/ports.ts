import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { CutoverError } from '../domain/errors.ts';
import { routerPaths, type RouterPaths } from '../drivers/router/haproxy/options.ts';
import { supervisorRuns } from '../drivers/router/haproxy/supervision.ts';
import { readInfo } from '../drivers/router/haproxy/workers.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { nameOf } from './environment-variables.ts';

const askLimitMs = 2_000;

/** Why nobody can listen there now, as the system's error code (`EADDRINUSE`); null: it is free. */
export async function obstacleToListening(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    server.close();
  }
}

/**
 * For before anything is started: the API's port and the router's are free, or our own HAProxy, which outlives the control plane,
 * has the latter. What else bars the way is told by whoever listens. Error: `port_in_use`.
 */
export async function refuseTakenPorts(config: Config, directory: DataDirectory): Promise<void> {
  const { api, router } = config;
  if ((await obstacleToListening(api.host, api.port)) === 'EADDRINUSE') throw taken('API', api.port, nameOf('apiPort'));
  if ((await obstacleToRouter(config, directory)) === 'EADDRINUSE')
    throw taken('router', router.port, nameOf('httpPort'));
}

/** Like `obstacleToListening`; null also where our own HAProxy listens. */
export async function obstacleToRouter({ router }: Config, directory: DataDirectory): Promise<string | null> {
  const host = router.address === '*' ? '0.0.0.0' : router.address.replace(/^\[(.*)\]$/, '$1');
  const obstacle = await obstacleToListening(host, router.port);
  if (obstacle === null) return null;
  const paths = routerPaths(directory.router);
  return (await isBoundTo(paths, router)) && (await runs(paths)) ? null : obstacle;
}

async function runs(paths: RouterPaths): Promise<boolean> {
  if (await supervisorRuns(paths)) return true;
  return readInfo(paths, AbortSignal.timeout(askLimitMs)).then(
    () => true,
    () => false,
  );
}

/** By the configuration it was last given. */
async function isBoundTo(paths: RouterPaths, { address, port }: Config['router']): Promise<boolean> {
  try {
    return (await readFile(paths.config, 'utf8')).includes(`\n  bind ${address}:${port}\n`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

function taken(what: string, port: number, variable: string): CutoverError {
  return new CutoverError('port_in_use', `port ${port}, meant for the ${what}, is taken (${variable} chooses another)`);
}
