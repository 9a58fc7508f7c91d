import { execFile } from 'node:child_process';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { DoctorReport } from '../contract/schemas/system.ts';
import { createDockerRuntime } from '../drivers/runtime/docker/docker-runtime.ts';
import { createOperatorLog } from './operator-log.ts';

export type Check = DoctorReport['checks'][number];

const run = promisify(execFile);

const fixes: Readonly<Record<string, string>> = {
  postgresql: 'Look at the end of postgres/log in the data directory; `cutover server start` starts it again.',
  docker:
    'Start Docker Engine 20.10 or later (`apt-get install docker.io`, then `dockerd`), and run as a user who may use its socket.',
  haproxy: 'Install HAProxy 2.6 or later (`apt-get install haproxy`); the supervisor starts it within a second.',
  nginx: 'Install nginx (`apt-get install nginx-light`); the supervisor starts it within a second.',
};

/** A part that answers is well; of one that does not, `found` is what was said instead. */
export function checkPart(
  name: string,
  { healthy, found }: { readonly healthy: boolean; readonly found: string | null },
): Check {
  if (healthy) return { name, status: 'ok', found: found ?? 'answers', fix: null };
  return { name, status: 'failed', found: found ?? 'does not answer', fix: fixes[name] ?? null };
}

interface Program {
  readonly path: string;
  readonly versionArgument: string;
  readonly fix: string;
}

/** Whether a program is there, by the first line of its version. */
export async function checkProgram(name: string, { path, versionArgument, fix }: Program): Promise<Check> {
  try {
    const { stdout, stderr } = await run(path, [versionArgument], { timeout: 5_000 });
    const line = `${stdout}${stderr}`.trim().split('\n', 1)[0] ?? '';
    return { name, status: 'ok', found: line, fix: null };
  } catch (error) {
    return { name, status: 'failed', found: error instanceof Error ? error.message : String(error), fix };
  }
}

export function checkGit(): Promise<Check> {
  return checkProgram('git', {
    path: 'git',
    versionArgument: '--version',
    fix: 'Install Git (`apt-get install git`).',
  });
}

export async function checkDocker(socketPath: string): Promise<Check> {
  const runtime = createDockerRuntime({
    socketPath,
    platformId: 'doctor',
    networkPool: '10.210.0.0/16',
    log: createOperatorLog('silent'),
  });
  try {
    const { version, apiVersion } = await runtime.ping(AbortSignal.timeout(5_000));
    return checkPart('docker', { healthy: true, found: `Docker Engine ${version} (API ${apiVersion})` });
  } catch (error) {
    return checkPart('docker', { healthy: false, found: error instanceof Error ? error.message : String(error) });
  }
}

const tightBytes = 2e9;

export async function checkDisk(path: string): Promise<Check> {
  const { bavail, bsize } = await statfs(await existingParent(path));
  const free = bavail * bsize;
  const found = `${(free / 1e9).toFixed(1)} GB free at ${path}`;
  if (free >= tightBytes) return { name: 'disk', status: 'ok', found, fix: null };
  return { name: 'disk', status: 'warning', found, fix: 'Free some space: builds and images need it.' };
}

/** The directory itself may not have been made yet. */
async function existingParent(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists ? path : existingParent(dirname(path));
}

export function checkNode(): Check {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 24) return { name: 'node', status: 'ok', found: process.version, fix: null };
  return {
    name: 'node',
    status: 'failed',
    found: process.version,
    fix: 'Node 24 or later is needed; `npm ci` brings it.',
  };
}
