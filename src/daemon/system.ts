import type { DoctorReport, ServerStatus } from '../contract/schemas/system.ts';
import type { System } from '../http/system.ts';
import type { Config } from './config.ts';
import { checkDisk, checkGit, checkPart, type Check } from './doctor-checks.ts';
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
      await platform.database.pool.query('select 1');
      return platform.database.embedded?.version ?? null;
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
  const checks: Check[] = parts.map(({ name, healthy, version: found, detail }) =>
    checkPart(name, { healthy, found: found ?? detail }),
  );
  checks.push(await checkGit(), await checkDisk(options.config.dataDir));
  return { checks };
}
