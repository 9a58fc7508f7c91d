import type { DoctorReport, ServerStatus } from '../contract/schemas/system.ts';
import type { System } from '../http/system.ts';
import type { Config } from './config.ts';
import { diskUsage } from './disk-usage.ts';
import { buildLimits } from './drivers.ts';
import { checkBuildLimits } from './doctor/build-checks.ts';
import { failed, versioned, type Check } from './doctor/check.ts';
import { checkBaseImage, checkLiveRestore } from './doctor/docker-checks.ts';
import { invariantReport } from './doctor/invariant-report.ts';
import { checkDisk, checkGit, checkNode } from './doctor/machine-checks.ts';
import { currentMetrics } from './metrics.ts';
import type { Platform } from './platform.ts';
import { version } from './version.ts';

interface SystemOptions {
  readonly config: Config;
  readonly platform: Platform;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly apiPort: () => number;
}

type Component = ServerStatus['components'][number];

/** What the API tells of the process it runs in. */
export function createSystem(options: SystemOptions): System {
  return {
    version,
    status: (signal) => status(options, signal),
    doctor: (signal) => doctor(options, signal),
    invariants: async (signal) => invariantReport(await options.platform.watchdog.examine(signal)),
    diskUsage: (signal) => diskUsage(options.config, options.platform, signal),
    metrics: () => currentMetrics(options.platform.watchdog.memory()),
  };
}

async function status(options: SystemOptions, signal: AbortSignal): Promise<ServerStatus> {
  const { config, startedAt, apiPort } = options;
  return {
    version,
    node: process.version,
    pid: process.pid,
    startedAt,
    baseDomain: config.baseDomain,
    listeners: [
      { name: 'api', address: config.api.host, port: apiPort() },
      { name: 'router', address: config.router.address, port: config.router.port },
    ],
    components: await components(options, signal),
  };
}

async function components({ platform }: SystemOptions, signal: AbortSignal): Promise<Component[]> {
  const { runtime, router, staticFiles } = platform.drivers.ports;
  return Promise.all([
    component('postgresql', async () => {
      const { rows } = await platform.database.pool.query<{ server_version: string }>('show server_version');
      return platform.database.embedded?.version ?? rows[0]?.server_version ?? null;
    }),
    component('docker', async () => (await runtime.ping(signal)).version),
    component('haproxy', async () => (await router.ping(signal)).version),
    component('nginx', async () => {
      await staticFiles.ensureRunning(signal);
      return null;
    }),
  ]);
}

async function component(name: string, look: () => Promise<string | null>): Promise<Component> {
  try {
    return { name, healthy: true, version: await look(), detail: null };
  } catch (error) {
    return { name, healthy: false, version: null, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function doctor(options: SystemOptions, signal: AbortSignal): Promise<DoctorReport> {
  const parts = await components(options, signal);
  const { runtime } = options.platform.drivers.ports;
  const others = await Promise.all([
    checkGit(),
    checkLiveRestore(runtime),
    checkBaseImage(runtime),
    checkBuildLimits(buildLimits(options.config, () => undefined)),
    checkDisk(options.config.dataDir),
  ]);
  return { checks: [checkNode(), ...parts.map(checkPart), ...others] };
}

function checkPart({ name, healthy, version: found, detail }: Component): Check {
  return healthy ? versioned(name, found ?? 'answers') : failed(name, detail ?? 'does not answer');
}
