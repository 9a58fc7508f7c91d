import { CutoverError } from '../../../domain/errors.ts';
import { isRefusal } from './engine-connection.ts';
import type { InstanceHome } from './start.ts';

const timeoutMs = 60_000;

/** One that exited just before would not be restarted by the new policy alone, so it is started. Errors: `not_found`. */
export async function keepInstanceAlive(home: InstanceHome, instanceId: string, signal: AbortSignal): Promise<void> {
  const container = await home.containers.find(instanceId, signal);
  if (container === null) throw new CutoverError('not_found', `instance ${instanceId} has no container`);
  await home.engine.call({ what: 'update a container', timeoutMs }, signal, (docker, abortSignal) =>
    docker.getContainer(container.Id).update({ RestartPolicy: { Name: 'unless-stopped' }, abortSignal }),
  );
  const updated = await home.containers.inspect(container.Id, signal);
  if (updated === null || updated.State.Running || updated.State.Restarting) return;
  try {
    await home.engine.call({ what: 'start a container', timeoutMs }, signal, (docker, abortSignal) =>
      docker.getContainer(container.Id).start({ abortSignal }),
    );
  } catch (error) {
    if (!isRefusal(error, 304)) throw error;
  }
}
