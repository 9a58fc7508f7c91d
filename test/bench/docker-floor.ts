import Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The least a start can take: `docker create`, `docker start`, and a busy loop on the container's address until the first 200.
 * Resolves to milliseconds; removing the container again is not counted.
 */
export async function measureDockerFloor(imageId: string): Promise<number> {
  const docker = new Docker({ socketPath: process.env['CUTOVER_DOCKER_SOCKET'] ?? '/var/run/docker.sock' });
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
