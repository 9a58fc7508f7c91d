import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../drivers/database/embedded/embedded-postgres.ts';
import { createDockerRuntime } from '../drivers/runtime/docker/docker-runtime.ts';
import type { OperatorLog } from '../engine/ports/ports.ts';
import type { Config } from './config.ts';
import { openDataDirectory } from './data-directory.ts';
import { createTrafficDrivers } from './drivers.ts';
import { stopServer } from './server-process.ts';

const graceMs = 10_000;
const stopLimitMs = 30_000;

export interface Stopped {
  readonly controlPlane: boolean;
  readonly instances: number;
}

/** Control plane, apps, router, static server and database, in this order. Data stays; the next start brings the apps back. */
export async function stopEverything(config: Config, log: OperatorLog): Promise<Stopped> {
  const directory = await openDataDirectory(config.dataDir, config.platformId);
  const controlPlane = await stopServer(directory);
  const instances = await stopInstances(config, directory.id, log);
  const { router, staticFiles } = await createTrafficDrivers({ config, directory, log });
  await router.stop(AbortSignal.timeout(stopLimitMs));
  await staticFiles.stop(AbortSignal.timeout(stopLimitMs));
  await stopDatabase(config);
  return { controlPlane, instances };
}

async function stopInstances(config: Config, platformId: string, log: OperatorLog): Promise<number> {
  const runtime = createDockerRuntime({
    socketPath: config.dockerSocket,
    platformId,
    networkPool: config.networkPool,
    log,
  });
  const signal = AbortSignal.timeout(60_000);
  const instances = await runtime.list(signal);
  await Promise.all(instances.map(({ instanceId }) => runtime.stop(instanceId, graceMs, signal)));
  return instances.length;
}

async function stopDatabase(config: Config): Promise<void> {
  if (config.database.kind === 'external') return;
  const lockFile = join(config.dataDir, 'postgres', 'data', 'postmaster.pid');
  const runs = await access(lockFile).then(
    () => true,
    () => false,
  );
  if (!runs) return;
  const cluster = await startEmbeddedPostgres({ dataDir: config.dataDir, log: () => {} });
  await cluster.stop();
}
