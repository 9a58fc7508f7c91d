import type { Runtime } from '../../engine/ports/runtime.ts';
import { failed, reason, versioned, type Check } from './check.ts';

/** What most apps start FROM. */
const commonBaseImage = 'node:24-slim';
const askLimitMs = 5_000;

export async function checkDocker(runtime: Pick<Runtime, 'ping'>): Promise<Check> {
  try {
    const { version, apiVersion } = await runtime.ping(AbortSignal.timeout(askLimitMs));
    return versioned('docker', `Docker Engine ${version} (API ${apiVersion})`);
  } catch (error) {
    return failed('docker', reason(error));
  }
}

/** Without it every app is down for a moment whenever Docker Engine is restarted: for its upgrade, or because it crashed. */
export async function checkLiveRestore(runtime: Pick<Runtime, 'ping'>): Promise<Check> {
  const name = 'live-restore';
  const fix =
    'Write { "live-restore": true } into /etc/docker/daemon.json, then reload dockerd: `systemctl reload docker`.';
  try {
    const { liveRestore } = await runtime.ping(AbortSignal.timeout(askLimitMs));
    if (liveRestore) return { name, status: 'ok', found: 'apps outlive a restart of Docker Engine', fix: null };
    return { name, status: 'warning', found: 'apps go down with Docker Engine, and come back with it', fix };
  } catch (error) {
    return { name, status: 'warning', found: reason(error), fix };
  }
}

/** Missing is no fault where a registry can be reached, so it is a warning at most. */
export async function checkBaseImage(
  runtime: Pick<Runtime, 'inspectImage'>,
  image: string = commonBaseImage,
): Promise<Check> {
  const name = 'base image';
  const fix = 'It is pulled when an app needs it; where no registry can be reached, run `cutover images base`.';
  try {
    const found = await runtime.inspectImage(image, AbortSignal.timeout(askLimitMs));
    if (found !== null) return { name, status: 'ok', found: image, fix: null };
    return { name, status: 'warning', found: `${image} is not on this machine`, fix };
  } catch (error) {
    return { name, status: 'warning', found: reason(error), fix };
  }
}
