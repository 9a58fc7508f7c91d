import type { ImageInspectInfo } from 'dockerode';
import type { ImageInfo } from '../../../engine/ports/runtime.ts';
import { isRefusal } from './engine-connection.ts';
import type { EngineConnection } from './engine-connection.ts';

const readTimeoutMs = 15_000;
const removeTimeoutMs = 60_000;

export async function inspectImage(
  engine: EngineConnection,
  ref: string,
  signal: AbortSignal,
): Promise<ImageInfo | null> {
  const image = await find(engine, ref, signal);
  return (
    image && {
      imageId: image.Id,
      sizeBytes: image.Size,
      exposedPorts: tcpPorts(Object.keys(image.Config.ExposedPorts ?? {})),
    }
  );
}

async function find(engine: EngineConnection, ref: string, signal: AbortSignal): Promise<ImageInspectInfo | null> {
  try {
    return await engine.call({ what: 'inspect an image', timeoutMs: readTimeoutMs }, signal, (docker) =>
      docker.getImage(ref).inspect(),
    );
  } catch (error) {
    if (isRefusal(error, 404)) return null;
    throw error;
  }
}

/** `3000/tcp` and the like, as numbers in ascending order. */
function tcpPorts(exposed: readonly string[]): readonly number[] {
  const ports = exposed
    .map((text) => text.split('/'))
    .filter(([, protocol]) => protocol === undefined || protocol === 'tcp');
  return ports.map(([port]) => Number(port)).toSorted((a, b) => a - b);
}

/** Never by force, which would take an image away from a container that is only stopped. */
export async function removeImage(engine: EngineConnection, imageId: string, signal: AbortSignal): Promise<void> {
  const image = await find(engine, imageId, signal);
  if (image === null) return;
  const tags = image.RepoTags ?? [];
  for (const name of tags.length > 0 ? tags : [imageId]) {
    try {
      await engine.call({ what: 'remove an image', timeoutMs: removeTimeoutMs }, signal, (docker, abortSignal) =>
        docker.getImage(name).remove({ abortSignal }),
      );
    } catch (error) {
      if (!isRefusal(error, 404, 409)) throw error;
    }
  }
}
