import { join } from 'node:path';
import { CutoverError } from '../domain/errors.ts';
import { startEmbeddedPostgres } from '../drivers/database/embedded/embedded-postgres.ts';
import { isPostmaster, postmasterPid } from '../drivers/database/embedded/postmaster.ts';
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

/**
 * Control plane, apps, router, static server and database, in this order. Data stays; the next start brings the apps back. A part
 * that cannot be stopped keeps none of the others running; what went wrong is thrown when all of them have been tried.
 */
export async function stopEverything(config: Config, log: OperatorLog): Promise<Stopped> {
  const directory = await openDataDirectory(config.dataDir, config.platformId);
  const failures: unknown[] = [];
  const attempt = async <T>(fallback: T, stop: () => Promise<T>): Promise<T> => {
    try {
      return await stop();
    } catch (error) {
      failures.push(error);
      return fallback;
    }
  };
  const controlPlane = await attempt(false, () => stopServer(directory));
  const instances = await attempt(0, () => stopInstances(config, directory.id, log));
  await attempt(undefined, async () => {
    const { router, staticFiles } = await createTrafficDrivers({ config, directory, log });
    await attempt(undefined, () => router.stop(AbortSignal.timeout(stopLimitMs)));
    await attempt(undefined, () => staticFiles.stop(AbortSignal.timeout(stopLimitMs)));
  });
  await attempt(undefined, () => stopDatabase(config));
  if (failures.length > 0) throw asOne(failures);
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

/** The one in the data directory, also where another is configured by now. */
async function stopDatabase({ dataDir }: Config): Promise<void> {
  const data = join(dataDir, 'postgres', 'data');
  const pid = await postmasterPid(data);
  if (pid === null || !(await isPostmaster(pid, data))) return;
  const cluster = await startEmbeddedPostgres({ dataDir, log: () => {} });
  await cluster.stop();
}

function asOne(failures: readonly unknown[]): unknown {
  const [first] = failures;
  if (failures.length === 1) return first;
  const said = failures.map((error) => (error instanceof Error ? error.message : String(error)));
  const code = first instanceof CutoverError ? first.code : 'internal';
  return new CutoverError(code, `not everything could be stopped: ${said.join('; ')}`, { cause: failures });
}
