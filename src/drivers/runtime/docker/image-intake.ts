import { receivedImageName, type ImageOwner } from '../../../domain/image-names.ts';
import { parseImageReference } from '../../../domain/image-reference.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { ForgottenImage, ImageIntake } from '../../../engine/ports/image-intake.ts';
import type { ImageInfo } from '../../../engine/ports/runtime.ts';
import { EngineConnection, isRefusal } from './engine-connection.ts';
import { loadTarball } from './load-tarball.ts';
import { inspectImage, untagged } from './local-images.ts';
import { pullByDigest, resolveDigest } from './registry-calls.ts';

interface DockerImageIntakeOptions {
  /** `/var/run/docker.sock` */
  readonly socketPath: string;
  /** Sets the images of this platform apart from every other on the machine. */
  readonly platformId: string;
}

const limits = { what: 'name an image', timeoutMs: 30_000 };

/** Images through a Docker Engine (20.10 or later) on this machine. Opens nothing until the first call. */
export function createDockerImageIntake({ socketPath, platformId }: DockerImageIntakeOptions): ImageIntake {
  const engine = new EngineConnection(socketPath);
  const nameOf = (owner: ImageOwner) => receivedImageName(platformId, owner);
  return {
    resolve: (request, signal) => resolveDigest(engine, request, signal),
    async pull(request, onLine, signal) {
      const name = nameOf(request.owner);
      const known = await inspectImage(engine, name, signal);
      if (known !== null) return known;
      const pinned = pinnedName(request);
      if ((await inspectImage(engine, pinned, signal)) === null)
        await pullByDigest(engine, request, { onLine, signal });
      const [repo = '', tag = ''] = name.split(':');
      await engine.call(limits, signal, (docker) => docker.getImage(pinned).tag({ repo, tag }));
      return found(engine, name, signal);
    },
    async load({ path, owner }, onLine, signal) {
      const name = nameOf(owner);
      if ((await inspectImage(engine, name, signal)) === null)
        await loadTarball({ engine, path, name, onLine }, signal);
      return found(engine, name, signal);
    },
    async forget(owner, source, signal) {
      await remove(engine, nameOf(owner), signal);
      if (source === null) return;
      const pinned = pinnedName(source);
      // Whoever has given it a name, or runs it, still needs it.
      if (await untagged(engine, pinned, signal)) await remove(engine, pinned, signal);
    },
  };
}

function pinnedName({ reference, digest }: ForgottenImage): string {
  const parsed = parseImageReference(reference);
  if (parsed === null) throw new CutoverError('invalid_input', `"${reference}" names no image`);
  return `${parsed.repository}@${digest}`;
}

async function found(engine: EngineConnection, name: string, signal: AbortSignal): Promise<ImageInfo> {
  const image = await inspectImage(engine, name, signal);
  if (image === null) throw new CutoverError('artifact_gone', 'somebody removed the image while it came in');
  return image;
}

/** Never by force. */
async function remove(engine: EngineConnection, name: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.call({ what: 'remove an image', timeoutMs: 60_000 }, signal, (docker, abortSignal) =>
      docker.getImage(name).remove({ abortSignal }),
    );
  } catch (error) {
    if (!isRefusal(error, 404, 409)) throw error;
  }
}
