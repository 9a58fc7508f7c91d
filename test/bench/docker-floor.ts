import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker, { type ContainerCreateOptions } from 'dockerode';
import { containerSettings } from '../../src/drivers/runtime/docker/container-settings.ts';
import { createDockerRuntime } from '../../src/drivers/runtime/docker/docker-runtime.ts';
import { benchInstance } from './bench-instance.ts';

/** Starts, as the platform does, with its limits and a network of the project's own. */
const isolated = createDockerRuntime({
  socketPath: socketPath(),
  platformId: 'test-bench-floor',
  networkPool: '10.217.0.0/16',
  log: { info: () => {}, warn: () => {}, error: () => {} },
});

/**
 * The same container as the platform starts, with the same limits and a private network, and nothing else: start it, and a busy loop on
 * its address until the first 200. Resolves to milliseconds.
 */
export async function measureIsolatedFloor(imageId: string): Promise<number> {
  const signal = AbortSignal.timeout(60_000);
  const instanceId = randomUUID();
  await isolated.ensureNetwork('floor', signal);
  const startedAt = performance.now();
  try {
    const { address } = await isolated.start(benchInstance({ instanceId, project: 'floor', imageId }), signal);
    await firstAnswer(`http://${address}:3000/`);
    return performance.now() - startedAt;
  } finally {
    await isolated.stop(instanceId, 0, signal);
    await isolated.removeNetwork('floor', signal);
  }
}

/**
 * The least a start can take: `docker create`, `docker start`, and a busy loop on the container's address until the first 200.
 * Resolves to milliseconds; removing the container again is not counted.
 */
export function measureDockerFloor(imageId: string): Promise<number> {
  return untilFirstAnswer(imageId, 'create');
}

/** `docker start` alone, of a container that was made before, and the same busy loop. Resolves to milliseconds. */
export function measureStartFloor(imageId: string): Promise<number> {
  return untilFirstAnswer(imageId, 'start');
}

async function untilFirstAnswer(imageId: string, from: 'create' | 'start'): Promise<number> {
  const docker = new Docker({ socketPath: socketPath() });
  const beforeCreate = performance.now();
  const container = await docker.createContainer({
    Image: imageId,
    Env: ['PORT=3000', 'HOST=0.0.0.0'],
    Labels: { 'cutover.platform': 'test-bench-floor' },
  });
  try {
    const startedAt = from === 'create' ? beforeCreate : performance.now();
    await container.start();
    const { NetworkSettings } = await container.inspect();
    await firstAnswer(`http://${NetworkSettings.Networks['bridge']?.IPAddress}:3000/`);
    return performance.now() - startedAt;
  } finally {
    await container.remove({ force: true, v: true });
  }
}

const runFile = promisify(execFile);

async function dockerCommand(...args: string[]): Promise<string> {
  const { stdout } = await runFile('docker', ['--host', `unix://${socketPath()}`, ...args], { timeout: limitMs });
  return stdout.trim();
}

/**
 * As people do it: `docker create` and `docker start` on the command line, and a busy loop on the container's address until the first
 * 200. Resolves to milliseconds; removing the container again is not counted.
 */
export function measureCommandLineFloor(imageId: string): Promise<number> {
  return timeCommandLine(['--env', 'PORT=3000', '--env', 'HOST=0.0.0.0', imageId], 'bridge');
}

/** The same, of the same container as the platform starts: its limits, its log limits, and a private network that exists. */
export async function measureIsolatedCommandLineFloor(imageId: string): Promise<number> {
  const settings = containerSettings(
    'test-bench-floor',
    benchInstance({ instanceId: randomUUID(), project: 'floor', imageId }),
  );
  const network = `test-bench-floor-${randomUUID().slice(0, 8)}`;
  await dockerCommand('network', 'create', '--label', 'cutover.platform=test-bench-floor', '--subnet', subnet, network);
  try {
    return await timeCommandLine([...optionsOf(settings), '--network', network, imageId], network);
  } finally {
    await dockerCommand('network', 'rm', network);
  }
}

/** Outside the pool of the other floor. */
const subnet = '10.218.0.0/26';

function optionsOf({ Env = [], HostConfig = {} }: ContainerCreateOptions): string[] {
  const { NanoCpus = 0, Memory = 0, PidsLimit, LogConfig } = HostConfig;
  const logOptions: Readonly<Record<string, string>> = LogConfig?.Config ?? {};
  const valued: readonly (readonly [string, readonly string[]])[] = [
    ['--env', Env],
    ['--cpus', [String(NanoCpus / 1e9)]],
    ['--memory', [String(Memory)]],
    ['--memory-swap', [String(Memory)]],
    ['--pids-limit', [String(PidsLimit)]],
    ['--cap-drop', HostConfig.CapDrop as readonly string[]],
    ['--cap-add', HostConfig.CapAdd as readonly string[]],
    ['--security-opt', HostConfig.SecurityOpt as readonly string[]],
    ['--log-opt', Object.entries(logOptions).map(([name, value]) => `${name}=${value}`)],
  ];
  return ['--init', ...valued.flatMap(([option, values]) => values.flatMap((value) => [option, value]))];
}

async function timeCommandLine(args: readonly string[], network: string): Promise<number> {
  const docker = new Docker({ socketPath: socketPath() });
  const startedAt = performance.now();
  const id = await dockerCommand('create', '--label', 'cutover.platform=test-bench-floor', ...args);
  try {
    await dockerCommand('start', id);
    const { NetworkSettings } = await docker.getContainer(id).inspect();
    await firstAnswer(`http://${NetworkSettings.Networks[network]?.IPAddress}:3000/`);
    return performance.now() - startedAt;
  } finally {
    await docker.getContainer(id).remove({ force: true, v: true });
  }
}

function socketPath(): string {
  return process.env['CUTOVER_DOCKER_SOCKET'] ?? '/var/run/docker.sock';
}

const limitMs = 30_000;

async function firstAnswer(url: string): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await answers200(url))) {
    if (performance.now() > deadline) throw new Error(`no 200 from ${url} within ${limitMs} ms`);
    await sleep(1);
  }
}

async function answers200(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch (error) {
    // Refused or cut: not there yet. Anything else is a fault of this program.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) return false;
    throw error;
  }
}
