import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';
import type { InstanceSpec, InstanceStatus } from '../../../engine/ports/runtime.ts';
import { containerSettings } from './container-settings.ts';
import type { Containers } from './containers.ts';
import { isDiskFull, isRefusal } from './engine-connection.ts';
import type { EngineConnection, EngineRefusal } from './engine-connection.ts';
import { instanceLabel } from './labels.ts';
import { instanceStatus } from './instance-status.ts';
import { containerName } from './names.ts';

/** A machine that builds at full load takes its time to create and start. */
const changeTimeoutMs = 60_000;

export interface InstanceHome {
  readonly engine: EngineConnection;
  readonly containers: Containers;
  readonly platformId: string;
}

/** How long a name may be taken by a container that is still being made, or still being removed. */
const nameLimitMs = 15_000;
const nameIntervalMs = 50;

/** The way of a new instance costs three calls (create, start, inspect); looking first would add to every deployment. */
export async function startInstance(
  home: InstanceHome,
  spec: InstanceSpec,
  signal: AbortSignal,
): Promise<InstanceStatus> {
  const found = await createOrAdopt(home, spec, signal);
  if (found.neverRan) await run(home, found.id, signal);
  home.containers.remember(spec.instanceId, found.id);
  const container = await home.containers.inspect(found.id, signal);
  if (container === null) throw startFailed(`the container of ${spec.instanceId} disappeared while it started`);
  return instanceStatus(container);
}

async function createOrAdopt(home: InstanceHome, spec: InstanceSpec, signal: AbortSignal): Promise<FoundContainer> {
  const deadline = performance.now() + nameLimitMs;
  for (;;) {
    const found = (await create(home, spec, signal)) ?? (await adopt(home, spec, signal));
    if (found !== null) return found;
    if (performance.now() > deadline) {
      throw startFailed(`the container name ${containerName(home.platformId, spec)} is taken, but not by an instance`);
    }
    await sleep(nameIntervalMs, undefined, { signal });
  }
}

interface FoundContainer {
  readonly id: string;
  readonly neverRan: boolean;
}

/** null when the name is taken, which is to say that the instance exists. */
async function create(home: InstanceHome, spec: InstanceSpec, signal: AbortSignal): Promise<FoundContainer | null> {
  const settings = containerSettings(home.platformId, spec);
  try {
    const container = await home.engine.call(
      { what: 'create a container', timeoutMs: changeTimeoutMs },
      signal,
      (docker, abortSignal) => docker.createContainer({ ...settings, abortSignal }),
    );
    return { id: container.id, neverRan: true };
  } catch (error) {
    if (isRefusal(error, 409)) return null;
    if (isRefusal(error, 404)) throw new CutoverError('artifact_gone', error.said, { cause: error });
    if (isRefusal(error)) throw refused(error);
    throw error;
  }
}

/** null when the name's owner cannot be seen yet, is on its way out, or is not this instance. */
async function adopt(home: InstanceHome, spec: InstanceSpec, signal: AbortSignal): Promise<FoundContainer | null> {
  const container = await home.containers.inspect(containerName(home.platformId, spec), signal);
  if (container?.Config.Labels[instanceLabel] !== spec.instanceId) return null;
  const { Status: state } = container.State;
  return state === 'removing' || state === 'dead' ? null : { id: container.Id, neverRan: state === 'created' };
}

async function run(home: InstanceHome, containerId: string, signal: AbortSignal): Promise<void> {
  try {
    await home.engine.call({ what: 'start a container', timeoutMs: changeTimeoutMs }, signal, (docker, abortSignal) =>
      docker.getContainer(containerId).start({ abortSignal }),
    );
  } catch (error) {
    // 304: it runs already.
    if (isRefusal(error, 304)) return;
    if (!isRefusal(error)) throw error;
    await removeContainer(home.engine, containerId, new AbortController().signal);
    throw refused(error);
  }
}

/** But for a full disk it is the app's fault. */
function refused(error: EngineRefusal): CutoverError {
  return isDiskFull(error) ? error : startFailed(error.said, error);
}

function startFailed(message: string, cause?: unknown): CutoverError {
  return new CutoverError('instance_start_failed', message, { cause });
}

/** By force, with its anonymous volumes. Absent is fine; 409 says that somebody else is removing it. */
export async function removeContainer(
  engine: EngineConnection,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await engine.call({ what: 'remove a container', timeoutMs: changeTimeoutMs }, signal, (docker, abortSignal) =>
      docker.getContainer(containerId).remove({ force: true, v: true, abortSignal }),
    );
  } catch (error) {
    if (!isRefusal(error, 404, 409)) throw error;
  }
}
