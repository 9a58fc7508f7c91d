import type { Kysely } from 'kysely';
import type { RetentionCommands } from '../engine/commands/commands.ts';
import { retentionCommands } from '../engine/commands/retention.ts';
import type { OperatorLog, Ports } from '../engine/ports/ports.ts';
import { GarbageCollector } from '../engine/reconcile/collect-garbage.ts';
import { requireRoomForBuild } from '../engine/workflows/room-for-build.ts';
import { createBuildCache } from '../drivers/build/buildkit/build-cache.ts';
import { systemDisks } from '../drivers/disk/system-disks.ts';
import { createFileLogStock } from '../drivers/logs/files/log-stock.ts';
import { createDockerImageStock } from '../drivers/runtime/docker/image-stock.ts';
import { createRetentionStore } from '../store/retention.ts';
import type { Database } from '../store/schema.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';

const intervalMs = 60 * 60_000;
const quietMs = 60_000;

/** What keeps the disks from filling up: the collector, and the look before a build. */
export interface Retention {
  readonly commands: RetentionCommands;
  readonly requireRoom: (signal: AbortSignal) => Promise<void>;
  readonly onCompleted: () => void;
  run(signal: AbortSignal): Promise<void>;
}

interface RetentionWiring {
  readonly config: Config;
  readonly directory: DataDirectory & { readonly id: string };
  readonly ports: Ports;
  readonly db: Kysely<Database>;
  readonly log: OperatorLog;
}

export function composeRetention({ config, directory, ports, db, log }: RetentionWiring): Retention {
  const store = createRetentionStore(db);
  const images = createDockerImageStock({ socketPath: config.dockerSocket, platformId: directory.id });
  const buildCache = createBuildCache({ socketPath: config.dockerSocket });
  const logStock = createFileLogStock({ dir: directory.logs });
  const { clock, runtime, staticFiles, logs, source } = ports;
  const collector = new GarbageCollector({
    ports: { clock, runtime, staticFiles, logs, images, logStock, store, buildCache, source },
    log,
    intervalMs,
    quietMs,
  });
  return {
    commands: retentionCommands({ store, collector }),
    requireRoom: (signal) =>
      requireRoomForBuild({ disks: systemDisks, images, store, dataDirectory: directory.root }, signal),
    onCompleted: () => collector.wake(),
    run: (signal) => collector.run(signal),
  };
}
