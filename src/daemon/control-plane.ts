import { rm } from 'node:fs/promises';
import { createApi } from '../http/api.ts';
import { createGitDoor } from '../http/git/git-door.ts';
import { serveApi, servePublicDoor } from '../http/server.ts';
import type { OperatorLog } from '../engine/ports/ports.ts';
import type { Config } from './config.ts';
import { openDataDirectory, refuseHalfRestored, removeDrafts, writeAtomically } from './data-directory.ts';
import { composePlatform } from './platform.ts';
import { refuseTakenPorts } from './ports.ts';
import { lockDataDirectory } from './server-lock.ts';
import { createSystem } from './system.ts';

interface Lifetime {
  readonly log: OperatorLog;
  /** Aborted when it is to stop. */
  readonly signal: AbortSignal;
  /** It listens and works. */
  readonly onReady: () => Promise<void>;
}

/**
 * Runs one control plane until aborted. Traffic, instances, router and database outlive it. Nothing is started where another one
 * runs or a port is taken. Errors: `already_running`, `port_in_use`, `database_unavailable`.
 */
export async function runControlPlane(config: Config, { log, signal, onReady }: Lifetime): Promise<void> {
  const startedAt = new Date().toISOString();
  const directory = await openDataDirectory(config.dataDir, config.platformId);
  await refuseHalfRestored(directory);
  await using _lock = await lockDataDirectory(directory, signal);
  await rm(directory.serverState, { force: true });
  await removeDrafts(directory);
  await refuseTakenPorts(config, directory);
  await using platform = await composePlatform(config, log);
  const { drivers, commands } = platform;
  await Promise.all([drivers.router.ensureRunning(signal), drivers.staticFiles.ensureRunning(signal)]);
  const listeners: { port: number }[] = [];
  const system = createSystem({ config, platform, startedAt, apiPort: () => listeners[0]?.port ?? config.api.port });
  const app = createApi({ commands, system, log, shutdown: signal, hostNames: [config.publicHost] });
  const git = createGitDoor({ commands, log, shutdown: signal });
  await using api = await serveApi({ app, git, ...config.api });
  listeners.push(api);
  await using _door = await servePublicDoor({ app, git, socketPath: directory.publicSocket });
  const state = { pid: process.pid, apiPort: api.port, routerPort: config.router.port, startedAt };
  const announce = async () => {
    await writeAtomically(directory.serverState, JSON.stringify(state), 0o644);
    await onReady();
    log.info(state, 'the control plane is ready');
  };
  await Promise.all([platform.run(signal), announce()]);
  await api.close();
}
