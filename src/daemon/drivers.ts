import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkAppConfigDocument } from '../contract/app-config-document.ts';
import { AppConfigFiles } from '../drivers/app-config/app-config-files.ts';
import { createBuildKitBuilder } from '../drivers/build/buildkit/builder.ts';
import { createBuildLimits, type BuildLimits } from '../drivers/build/limits/build-limits.ts';
import { dockerCgroups } from '../drivers/build/limits/docker-layout.ts';
import { createNixpacksPlanner } from '../drivers/build/nixpacks/nixpacks-planner.ts';
import { createPlanner } from '../drivers/build/planner/planner.ts';
import { systemClock } from '../drivers/clock/system-clock.ts';
import { systemRandom } from '../drivers/clock/system-random.ts';
import { systemDisks } from '../drivers/disk/system-disks.ts';
import { createFileLogs } from '../drivers/logs/files/file-logs.ts';
import { createHttpProber } from '../drivers/probe/http-prober.ts';
import { createHaproxyRouter, type HaproxyRouter } from '../drivers/router/haproxy/haproxy-router.ts';
import { createDockerRuntime } from '../drivers/runtime/docker/docker-runtime.ts';
import { createDockerImageIntake } from '../drivers/runtime/docker/image-intake.ts';
import { openSecretBox } from '../drivers/secrets/secret-box.ts';
import { createGitSource } from '../drivers/source/git/git-source.ts';
import { hostedRepositoryPath } from '../drivers/source/hosting/repository-path.ts';
import { createNginxStaticFiles, type NginxStaticFiles } from '../drivers/static/nginx/nginx-static-files.ts';
import { createUploadSpool } from '../drivers/uploads/spool.ts';
import { publicPaths } from '../http/listener.ts';
import type { DeploymentStore } from '../engine/ports/deployment-store.ts';
import type { OperatorLog, Ports } from '../engine/ports/ports.ts';
import type { SecretBox } from '../engine/ports/secret-box.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';

/** The ports with what only the daemon needs of their drivers: to stop what outlives it. */
export interface Drivers {
  readonly ports: Ports;
  readonly router: HaproxyRouter;
  readonly staticFiles: NginxStaticFiles;
}

interface DriverOptions {
  readonly config: Config;
  readonly directory: DataDirectory & { readonly id: string };
  readonly log: OperatorLog;
}

/** Reads repositories by the platform's GitHub App, whose key the box opens. */
export type AppTokensWith = (secretBox: SecretBox) => (address: string, signal: AbortSignal) => Promise<string | null>;

interface Kept {
  readonly deployments: DeploymentStore;
  readonly appTokens: AppTokensWith;
}

const unlimited = 'builds have no limits of memory, processor and processes';
const supervisePath = fileURLToPath(new URL('../../bin/supervise', import.meta.url));

export async function createDrivers(options: DriverOptions, { deployments, appTokens }: Kept): Promise<Drivers> {
  const { config, directory, log } = options;
  const { dockerSocket: socketPath, networkPool, gitProtocols: allowedProtocols } = config;
  const { router, staticFiles, staticSocket } = await createTrafficDrivers(options);
  const secretBox = await openSecretBox({ dir: directory.keys });
  return {
    router,
    staticFiles,
    ports: {
      deployments,
      router,
      staticFiles,
      runtime: createDockerRuntime({ socketPath, platformId: directory.id, networkPool, log }),
      source: await createGitSource({
        dir: directory.source,
        allowedProtocols,
        ...config.source,
        appToken: appTokens(secretBox),
        hosted: (project) => hostedRepositoryPath(directory.git, project),
        log,
      }),
      planner: await createNixpacksPlanner({
        planner: createPlanner(),
        binary: config.nixpacks,
        dir: join(directory.source, 'nixpacks'),
        forBuilds: true,
      }),
      appConfig: new AppConfigFiles({ check: checkAppConfigDocument }),
      builder: createBuildKitBuilder({
        socketPath,
        network: config.buildNetwork,
        limits: buildLimits(config, (reason) => log.warn({ reason }, unlimited)),
      }),
      prober: createHttpProber({ staticEndpoint: { socketPath: staticSocket } }),
      imageIntake: createDockerImageIntake({ socketPath, platformId: directory.id }),
      uploads: await createUploadSpool({ dir: directory.uploads, maxBytes: config.uploadBytes, disks: systemDisks }),
      logs: createFileLogs({ dir: directory.logs, log }),
      clock: systemClock,
      random: systemRandom,
      secretBox,
    },
  };
}

/** What keeps builds from starving what serves, for the daemon and for its doctor. */
export function buildLimits(config: Config, onObstacle: (reason: string) => void): BuildLimits {
  const layout = dockerCgroups(config.dockerSocket);
  return createBuildLimits({ allowance: config.buildAllowance, layout, onObstacle });
}

export interface TrafficDrivers {
  readonly router: HaproxyRouter;
  readonly staticFiles: NginxStaticFiles;
  readonly staticSocket: string;
}

/** What carries traffic and outlives the control plane. */
export async function createTrafficDrivers({ config, directory, log }: DriverOptions): Promise<TrafficDrivers> {
  const staticSocket = join(directory.staticFiles, 'nginx.sock');
  const staticFiles = await createNginxStaticFiles({
    dir: directory.staticFiles,
    socketPath: staticSocket,
    nginxBin: config.nginxBin,
    supervisePath,
    log,
  });
  const router = await createHaproxyRouter({
    dir: directory.router,
    haproxyBin: config.haproxyBin,
    supervisePath,
    binds: [`${config.router.address}:${config.router.port}`],
    initialSlots: config.router.slots,
    staticEndpoint: `unix@${staticSocket}`,
    door: { host: config.publicHost, endpoint: `unix@${directory.publicSocket}`, paths: publicPaths },
    log: (message) => log.info({ part: 'router' }, message),
  });
  return { router, staticFiles, staticSocket };
}
