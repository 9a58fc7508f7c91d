import { join } from 'node:path';
import type { DiskUsage } from '../contract/schemas/system.ts';
import { readEngineUsage } from '../drivers/build/buildkit/engine-usage.ts';
import { directorySize } from '../drivers/disk/directory-size.ts';
import { createRetentionStore } from '../store/retention.ts';
import type { Config } from './config.ts';
import type { Platform } from './platform.ts';

/** What takes room on the disks, part by part. Errors: `runtime_unavailable`, `database_unavailable`. */
export async function diskUsage(config: Config, platform: Platform, signal: AbortSignal): Promise<DiskUsage> {
  const { directory, database } = platform;
  const sizeOf = (path: string) => directorySize(path, signal);
  const [engine, settings, repositories, mirrors, checkouts, bundles, logs, databaseBytes] = await Promise.all([
    readEngineUsage(config.dockerSocket, signal),
    createRetentionStore(database.db).settings(),
    sizeOf(directory.git),
    sizeOf(join(directory.source, 'mirrors')),
    sizeOf(join(directory.source, 'checkouts')),
    sizeOf(directory.staticFiles),
    sizeOf(directory.logs),
    databaseSize(database),
  ]);
  return {
    parts: [
      {
        name: 'images',
        bytes: engine?.imageBytes ?? null,
        budgetBytes: settings.budgetBytes,
        what: inEngine('images'),
      },
      {
        name: 'build-cache',
        bytes: engine?.buildCacheBytes ?? null,
        budgetBytes: settings.buildCacheBytes,
        what: inEngine('earlier builds'),
      },
      part('repositories', repositories, 'those that are pushed to here'),
      part('mirrors', mirrors, 'copies of repositories'),
      part('checkouts', checkouts, 'work trees of builds that run'),
      part('bundles', bundles, 'static files'),
      part('logs', logs, 'of deployments and instances'),
      part('database', databaseBytes, 'PostgreSQL'),
    ],
  };
}

function part(name: DiskUsage['parts'][number]['name'], bytes: number, what: string): DiskUsage['parts'][number] {
  return { name, bytes, budgetBytes: null, what };
}

function inEngine(what: string): string {
  return `${what} in Docker Engine, of everybody who uses it`;
}

async function databaseSize({ pool }: Platform['database']): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes');
  return Number(rows[0]?.bytes ?? 0);
}
