import type { ImageInfo } from 'dockerode';
import { ownerOfReceived, receivedImages } from '../../../domain/image-names.ts';
import type { ImageStock, StockedImage } from '../../../engine/ports/image-stock.ts';
import { EngineConnection, isRefusal } from './engine-connection.ts';
import { deploymentLabel, labelFilter, platformLabel } from './labels.ts';

interface DockerImageStockOptions {
  /** `/var/run/docker.sock` */
  readonly socketPath: string;
  /** Sets the images of this platform apart from every other on the machine. */
  readonly platformId: string;
}

const readTimeoutMs = 15_000;
/** Older engines look through every container and volume for it. */
const countTimeoutMs = 30_000;
const nameless = '<none>:<none>';

/** What a Docker Engine (20.10 or later) on this machine keeps. Opens nothing until the first call. */
export function createDockerImageStock({ socketPath, platformId }: DockerImageStockOptions): ImageStock {
  const engine = new EngineConnection(socketPath);
  let directory: string | null = null;
  return {
    async images(signal) {
      const list = (filters: { readonly label?: string[]; readonly reference?: string[] }) =>
        engine.call({ what: 'list images', timeoutMs: readTimeoutMs }, signal, (docker, abortSignal) =>
          docker.listImages({ filters, abortSignal }),
        );
      const [built, received] = await Promise.all([
        list(labelFilter({ [platformLabel]: platformId })),
        list({ reference: [`${receivedImages(platformId)}*`] }),
      ]);
      const images = new Map([...received, ...built].map((image) => [image.Id, image]));
      return [...images.values()].map((image) => toImage(image, platformId));
    },
    layerBytes: (signal) => countLayers(engine, signal),
    async directory(signal) {
      directory ??= await readDirectory(engine, signal);
      return directory;
    },
  };
}

function toImage({ Id, Size, Labels, RepoTags }: ImageInfo, platformId: string): StockedImage {
  // The types promise both; Docker sends null where there are none.
  const labels: Readonly<Record<string, string>> | null = Labels;
  const tags: readonly string[] | null = RepoTags ?? null;
  const named = (tags ?? []).filter((tag) => tag !== nameless);
  const receivedFor = named.flatMap((tag) => ownerOfReceived(platformId, tag) ?? []);
  return {
    imageId: Id,
    sizeBytes: Size,
    deploymentId: receivedFor.toSorted().at(-1) ?? labels?.[deploymentLabel] ?? null,
    receivedFor,
    tags: named,
  };
}

/** null where the engine says no: it counts for one caller at a time. */
async function countLayers(engine: EngineConnection, signal: AbortSignal): Promise<number | null> {
  try {
    const usage: unknown = await engine.call(
      { what: 'count what its images take', timeoutMs: countTimeoutMs },
      signal,
      (docker) => docker.df(),
    );
    const isUsage = typeof usage === 'object' && usage !== null && 'LayersSize' in usage;
    return isUsage && typeof usage.LayersSize === 'number' ? usage.LayersSize : null;
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

async function readDirectory(engine: EngineConnection, signal: AbortSignal): Promise<string> {
  const info: unknown = await engine.call(
    { what: 'say where it keeps images', timeoutMs: readTimeoutMs },
    signal,
    (docker) => docker.info(),
  );
  const hasPath = typeof info === 'object' && info !== null && 'DockerRootDir' in info;
  return hasPath && typeof info.DockerRootDir === 'string' ? info.DockerRootDir : '/var/lib/docker';
}
