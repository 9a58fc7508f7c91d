import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import Docker from 'dockerode';
import { dataDirectory, type RunningServer } from '../../src/daemon/data-directory.ts';
import { readConfig, type Config } from '../../src/daemon/config.ts';
import type { EnvironmentVariables } from '../../src/daemon/environment-variables.ts';
import { createOperatorLog } from '../../src/daemon/operator-log.ts';
import { receivedImages } from '../../src/domain/image-names.ts';
import { findServer, startServer, stopServer } from '../../src/daemon/server-process.ts';
import { stopEverything } from '../../src/daemon/stop-everything.ts';
import { freePort } from './haproxy.ts';
import { processesOf } from './processes.ts';

export interface TestPlatform extends AsyncDisposable {
  readonly apiUrl: string;
  readonly token: string;
  readonly routerPort: number;
  readonly dataDir: string;
  readonly platformId: string;
  readonly config: Config;
  /** Of all processes of the platform, as they are now; the apps are not among them. */
  readonly pids: { readonly controlPlane: number; readonly others: readonly number[] };
  /** Ends the control plane with SIGKILL; traffic goes on. */
  killControlPlane(): Promise<void>;
  startControlPlane(): Promise<void>;
  stopControlPlane(): Promise<void>;
}

export interface TestPlatformOptions {
  readonly slots?: number;
  readonly variables?: EnvironmentVariables;
}

export interface EmptyPlatform extends AsyncDisposable {
  readonly variables: EnvironmentVariables & { readonly dataDir: string; readonly platformId: string };
  readonly config: Config;
}

/** Settings for a platform of its own, not started; whatever is started with them goes with its disposal. */
export async function emptyPlatform(options: TestPlatformOptions = {}): Promise<EmptyPlatform> {
  const dataDir = await mkdtemp('/tmp/cutover-test-platform-');
  const platformId = `test-${randomBytes(4).toString('hex')}`;
  const variables = {
    dataDir,
    platformId,
    apiPort: '0',
    httpPort: String(await freePort()),
    httpAddress: '127.0.0.1',
    gitProtocols: 'https,ssh,http,file',
    networkPool: '10.214.0.0/16',
    slots: String(options.slots ?? 100),
    ...options.variables,
  };
  const config = readConfig(variables, process.getuid?.() === 0);
  return {
    variables,
    config,
    async [Symbol.asyncDispose]() {
      await stopEverything(config, createOperatorLog('silent'));
      await removeNetworksAndImages(config.dockerSocket, platformId);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A whole platform of its own: real processes, real Docker, its own ports, labels and directory. Everything it made goes with its disposal. */
export async function startPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  return startOn(await emptyPlatform(options));
}

/** The same where something is in the data directory already: what was restored, or left by an earlier one. */
export async function startOn(empty: EmptyPlatform): Promise<TestPlatform> {
  const { variables, config } = empty;
  const { dataDir, platformId } = variables;
  const directory = dataDirectory(dataDir);
  const clean = () => empty[Symbol.asyncDispose]();
  let running: RunningServer = await startServer(config, variables).catch(async (error: unknown) => {
    await clean();
    throw error;
  });
  const token = (await readFile(directory.adminToken, 'utf8')).trim();
  return {
    apiUrl: `http://127.0.0.1:${running.apiPort}`,
    token,
    routerPort: config.router.port,
    dataDir,
    platformId,
    config,
    get pids() {
      return { controlPlane: running.pid, others: processesOf(dataDir, running.pid) };
    },
    async killControlPlane() {
      process.kill(running.pid, 'SIGKILL');
      while ((await findServer(directory)) !== null) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    async startControlPlane() {
      running = await startServer(config, { ...variables, apiPort: String(running.apiPort) });
    },
    async stopControlPlane() {
      await stopServer(directory);
    },
    [Symbol.asyncDispose]: clean,
  };
}

async function removeNetworksAndImages(socketPath: string, platformId: string): Promise<void> {
  const docker = new Docker({ socketPath });
  const filters = { label: [`cutover.platform=${platformId}`] };
  for (const network of await docker.listNetworks({ filters })) await docker.getNetwork(network.Id).remove();
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
  for (const image of await docker.listImages({ filters })) await docker.getImage(image.Id).remove({ force: true });
  // Others may have names for what came here as it is.
  const prefix = receivedImages(platformId);
  for (const { Id } of await docker.listImages({ filters: { reference: [`${prefix}*`] } })) {
    // A list that is filtered leaves out the other names.
    const { RepoTags, RepoDigests } = await docker.getImage(Id).inspect();
    const ours = RepoTags.filter((tag) => tag.startsWith(prefix));
    // By its digest at a registry that is gone too, nobody wants it.
    const names = ours.length === RepoTags.length ? [...RepoDigests, ...ours] : ours;
    for (const name of names) await docker.getImage(name).remove({ force: true });
  }
}
