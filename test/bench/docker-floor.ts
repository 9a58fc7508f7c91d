import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { defaultEnvironmentSettings } from '../../src/domain/environment-settings.ts';
import { createDockerRuntime } from '../../src/drivers/runtime/docker/docker-runtime.ts';
import type { InstanceSpec } from '../../src/engine/ports/runtime.ts';

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
    const { address } = await isolated.start(instanceOf(instanceId, imageId), signal);
    await firstAnswer(`http://${address}:3000/`);
    return performance.now() - startedAt;
  } finally {
    await isolated.stop(instanceId, 0, signal);
    await isolated.removeNetwork('floor', signal);
  }
}

function instanceOf(instanceId: string, imageId: string): InstanceSpec {
  return {
    instanceId,
    project: 'floor',
    environment: 'production',
    deploymentId: instanceId,
    deploymentNumber: 1,
    process: 'web',
    ordinal: 1,
    imageId,
    command: null,
    variables: { PORT: '3000', HOST: '0.0.0.0' },
    port: 3000,
    cpuCores: defaultEnvironmentSettings.cpuCores,
    memoryMb: defaultEnvironmentSettings.memoryMb,
    stopGraceMs: 0,
    volumes: [],
  };
}

/**
 * The least a start can take: `docker create`, `docker start`, and a busy loop on the container's address until the first 200.
 * Resolves to milliseconds; removing the container again is not counted.
 */
export async function measureDockerFloor(imageId: string): Promise<number> {
  const docker = new Docker({ socketPath: socketPath() });
  const startedAt = performance.now();
  const container = await docker.createContainer({
    Image: imageId,
    Env: ['PORT=3000', 'HOST=0.0.0.0'],
    Labels: { 'cutover.platform': 'test-bench-floor' },
  });
  try {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    await firstAnswer(`http://${NetworkSettings.Networks['bridge']?.IPAddress}:3000/`);
    return performance.now() - startedAt;
  } finally {
    await container.remove({ force: true, v: true });
  }
}

const runFile = promisify(execFile);

/**
 * As people do it: `docker create` and `docker start` on the command line, and a busy loop on the container's address until the first
 * 200. Resolves to milliseconds; removing the container again is not counted.
 */
export async function measureCommandLineFloor(imageId: string): Promise<number> {
  const docker = new Docker({ socketPath: socketPath() });
  const command = async (...args: string[]) =>
    (await runFile('docker', ['--host', `unix://${socketPath()}`, ...args], { timeout: limitMs })).stdout.trim();
  const environment = ['--env', 'PORT=3000', '--env', 'HOST=0.0.0.0'];
  const startedAt = performance.now();
  const id = await command('create', '--label', 'cutover.platform=test-bench-floor', ...environment, imageId);
  try {
    await command('start', id);
    const { NetworkSettings } = await docker.getContainer(id).inspect();
    await firstAnswer(`http://${NetworkSettings.Networks['bridge']?.IPAddress}:3000/`);
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
