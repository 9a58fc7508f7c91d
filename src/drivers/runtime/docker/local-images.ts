import type { ImageInspectInfo } from 'dockerode';
import { receivedImages } from '../../../domain/image-names.ts';
import type { ImageInfo } from '../../../engine/ports/runtime.ts';
import { isRefusal } from './engine-connection.ts';
import type { EngineConnection } from './engine-connection.ts';
import type { ImagePlatform } from './image-platform.ts';

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

/** null when the image is not on this machine. */
export async function inspectPlatform(
  engine: EngineConnection,
  ref: string,
  signal: AbortSignal,
): Promise<ImagePlatform | null> {
  const image = await find(engine, ref, signal);
  return image && { os: image.Os, architecture: image.Architecture };
}

/** It is here, and nobody has a name for it but by its digest. */
export async function untagged(engine: EngineConnection, ref: string, signal: AbortSignal): Promise<boolean> {
  const image = await find(engine, ref, signal);
  return image !== null && (image.RepoTags ?? []).length === 0;
}

/** Never by force, which would take an image away from a container that is only stopped. */
export async function removeImage(
  engine: EngineConnection,
  { imageId, platformId }: { readonly imageId: string; readonly platformId: string },
  signal: AbortSignal,
): Promise<void> {
  const image = await find(engine, imageId, signal);
  if (image === null) return;
  for (const name of namesToRemove(image, platformId)) {
    try {
      await engine.call({ what: 'remove an image', timeoutMs: removeTimeoutMs }, signal, (docker, abortSignal) =>
        docker.getImage(name).remove({ abortSignal }),
      );
    } catch (error) {
      if (!isRefusal(error, 404, 409)) throw error;
    }
  }
}

/**
 * Of an image that came here as it is only what we named it, for it may be somebody else's too: a base image, or another platform's. Our own
 * name goes last: as long as a container uses the image it is still known as ours.
 */
function namesToRemove({ Id, RepoTags, RepoDigests }: ImageInspectInfo, platformId: string): readonly string[] {
  // The types promise both; Docker sends null where there are none.
  const tags: readonly string[] = RepoTags ?? [];
  const received = tags.filter((tag) => tag.startsWith(receivedImages(platformId)));
  if (received.length === 0) return tags.length > 0 ? tags : [Id];
  const digests: readonly string[] = RepoDigests ?? [];
  return received.length === tags.length ? [...digests, ...received] : received;
}
