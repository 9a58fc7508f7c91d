import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import { isRefusal } from './engine-connection.ts';
import { removeContainer } from './start.ts';
import type { InstanceHome } from './start.ts';

/** On top of the grace: what Docker needs for SIGKILL and for its own bookkeeping on a busy machine. */
const allowanceMs = 30_000;
const goneLimitMs = 30_000;
const goneIntervalMs = 50;

/** Resolves when the container is gone. Several callers at once are fine. */
export async function stopInstance(
  home: InstanceHome,
  request: { instanceId: string; graceMs: number },
  signal: AbortSignal,
): Promise<void> {
  const { instanceId, graceMs } = request;
  const containerId = (await home.containers.find(instanceId, signal))?.Id;
  if (containerId === undefined) return;
  await terminate(home, { containerId, graceMs }, signal);
  await removeContainer(home.engine, containerId, signal);
  await untilGone(home, containerId, signal);
  home.containers.forget(instanceId);
}

async function terminate(
  home: InstanceHome,
  request: { containerId: string; graceMs: number },
  signal: AbortSignal,
): Promise<void> {
  const seconds = Math.ceil(request.graceMs / 1000);
  try {
    await home.engine.call(
      { what: 'stop a container', timeoutMs: seconds * 1000 + allowanceMs },
      signal,
      (docker, abortSignal) => docker.getContainer(request.containerId).stop({ t: seconds, abortSignal }),
    );
  } catch (error) {
    // It is stopped, gone, or being removed by somebody else: all of them are what was wanted.
    if (!isRefusal(error, 304, 404, 409)) throw error;
  }
}

async function untilGone(home: InstanceHome, containerId: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + goneLimitMs;
  while ((await home.containers.inspect(containerId, signal)) !== null) {
    if (performance.now() > deadline) {
      throw new CutoverError('runtime_unavailable', `Docker Engine does not get rid of container ${containerId}`);
    }
    await sleep(goneIntervalMs, undefined, { signal });
  }
}
