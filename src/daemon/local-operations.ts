import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkAppConfigDocument } from '../contract/app-config-document.ts';
import { serverStatusSchema, type DoctorReport } from '../contract/schemas/system.ts';
import type {
  LocalOperations,
  LocalServerStatus,
  ServerLocation,
  StartedServer,
  StartServerOptions,
} from '../cli/local-operations.ts';
import { AppConfigFiles } from '../drivers/app-config/app-config-files.ts';
import { buildBaseImages } from '../drivers/images/base-images.ts';
import { localBackup } from './backup/local-backup.ts';
import { defaultNixpacks, readConfig, type Config } from './config.ts';
import { dataDirectory, readAdminToken } from './data-directory.ts';
import { examineMachine } from './doctor/local-doctor.ts';
import { readEnvironmentVariables, type EnvironmentVariables } from './environment-variables.ts';
import { createOperatorLog } from './operator-log.ts';
import { planLocalBuild } from './plan-local-build.ts';
import { withSavedSettings } from './saved-settings.ts';
import { findServer, startServer, stopServer } from './server-process.ts';
import { stopEverything } from './stop-everything.ts';

/** What the CLI does on this machine. */
export function createLocalOperations(): LocalOperations {
  return {
    ...localBackup(settings),
    startServer: start,
    async stopServer(options) {
      const { config } = await settings(options);
      if (!options.everything) return { wasRunning: await stopServer(dataDirectory(config.dataDir)) };
      const stopped = await stopEverything(config, createOperatorLog('warn'));
      return { wasRunning: stopped.controlPlane };
    },
    serverStatus: status,
    doctor,
    examineAppConfig: (directory, signal) =>
      new AppConfigFiles({ check: checkAppConfigDocument }).examine(resolve(directory), signal),
    planBuild: (options, signal) =>
      planLocalBuild(options, readEnvironmentVariables().nixpacks ?? defaultNixpacks, signal),
    async buildBaseImages({ images, force, nodeVersions }, progress, signal) {
      const { config } = await settings({});
      return buildBaseImages({
        socketPath: config.dockerSocket,
        which: images,
        nodeMajors: nodeVersions,
        force,
        onLine: progress,
        signal,
      });
    },
  };
}

interface Settings {
  readonly variables: EnvironmentVariables;
  readonly config: Config;
}

/** What is given on the command line, else by the environment, else what the platform last started with, else the defaults. */
async function settings(options: StartServerOptions): Promise<Settings> {
  const isRoot = process.getuid?.() === 0;
  const { dataDirectory: dataDir, apiPort, routerPort, baseDomain } = options;
  const given: EnvironmentVariables = {
    ...readEnvironmentVariables(),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(apiPort === undefined ? {} : { apiPort: String(apiPort) }),
    ...(routerPort === undefined ? {} : { httpPort: String(routerPort) }),
    ...(baseDomain === undefined ? {} : { baseDomain }),
  };
  const variables = await withSavedSettings(given, isRoot);
  return { variables, config: readConfig(variables, isRoot) };
}

async function start(options: StartServerOptions): Promise<StartedServer> {
  const { config, variables } = await settings(options);
  const { adminToken: tokenFile } = dataDirectory(config.dataDir);
  const hadToken = await access(tokenFile).then(
    () => true,
    () => false,
  );
  const server = await startServer(config, variables);
  return {
    url: `http://127.0.0.1:${server.apiPort}`,
    pid: server.pid,
    wasRunning: !server.started,
    adminToken: hadToken ? null : await readAdminToken(tokenFile),
  };
}

async function status(options: ServerLocation, signal: AbortSignal): Promise<LocalServerStatus> {
  const { config } = await settings(options);
  const directory = dataDirectory(config.dataDir);
  const server = await findServer(directory);
  if (server === null) return { running: false };
  const url = `http://127.0.0.1:${server.apiPort}`;
  const token = await readAdminToken(directory.adminToken);
  const response = await fetch(`${url}/api/server`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  });
  if (!response.ok) throw new Error(`the server answered ${response.status} to a question about its status`);
  return { running: true, url, status: serverStatusSchema.parse(await response.json()) };
}

async function doctor(): Promise<DoctorReport> {
  const { config } = await settings({});
  return { checks: [...(await examineMachine(config))] };
}
