import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { CutoverError } from '../../../domain/errors.ts';
import { EngineConnection, EngineRefusal, isDiskFull, isRefusal } from './engine-connection.ts';
import { inspectImage } from './local-images.ts';

/** Images as one stream, from one engine to another. Errors of all: `runtime_unavailable`, `disk_full`. */
export interface ImageArchive {
  /** Those of these ids that the engine has. */
  present(imageIds: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** `docker save` of all of them at once, so that layers they share are in it once. Their names go with them. */
  save(imageIds: readonly string[], signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** `docker load`. Resolves when the engine has them. Error: `backup_invalid` where it does not take them. */
  load(tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

/** Until the first byte of the answer: some engines put the whole archive together before that. */
const answerTimeoutMs = 30 * 60_000;

export function createDockerImageArchive({ socketPath }: { readonly socketPath: string }): ImageArchive {
  const engine = new EngineConnection(socketPath);
  return {
    async present(imageIds, signal) {
      const found: string[] = [];
      for (const imageId of imageIds) {
        if ((await inspectImage(engine, imageId, signal)) !== null) found.push(imageId);
      }
      return found;
    },
    save: (imageIds, signal) => save(engine, imageIds, signal),
    load: (tar, signal) => load(engine, tar, signal),
  };
}

async function* save(
  engine: EngineConnection,
  imageIds: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const names = (await Promise.all(imageIds.map((imageId) => namesOf(engine, imageId, signal)))).flat();
  const stream = await engine.call(
    { what: 'save images', timeoutMs: answerTimeoutMs },
    signal,
    // Without a signal of its own: the answer may take longer than the call for it.
    (docker) => withGetImages(docker).getImages({ names }),
  );
  const body = Readable.from(stream, { objectMode: false, signal });
  yield* body;
}

/** Missing in the types of the client library. */
interface GetsImages {
  getImages(options: { readonly names: readonly string[] }): Promise<NodeJS.ReadableStream>;
}

function withGetImages(docker: Docker): GetsImages {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return docker as Docker & GetsImages;
}

/** One without a name goes by its id, and comes back without one. */
async function namesOf(engine: EngineConnection, imageId: string, signal: AbortSignal): Promise<readonly string[]> {
  const image = await engine.call({ what: 'inspect an image', timeoutMs: 15_000 }, signal, (docker) =>
    docker.getImage(imageId).inspect(),
  );
  // The types promise a list; Docker sends null where there is none.
  const tags: readonly string[] | null = image.RepoTags;
  return tags === null || tags.length === 0 ? [imageId] : tags;
}

async function load(engine: EngineConnection, tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  try {
    const stream = await engine.call({ what: 'load images', timeoutMs: answerTimeoutMs }, signal, (docker) =>
      docker.loadImage(Readable.from(tar, { objectMode: false }), { quiet: true }),
    );
    let said = '';
    for await (const chunk of Readable.from(stream, { signal })) said = `${said}${String(chunk)}`.slice(-10_000);
    const problem = /"error":"((?:[^"\\]|\\.)*)"/.exec(said)?.[1];
    if (problem !== undefined) throw new EngineRefusal('load images', 500, { said: problem, cause: said });
  } catch (error) {
    if (isDiskFull(error) || !isRefusal(error)) throw error;
    const message = `Docker Engine does not take the images of the backup: ${error.said}`;
    throw new CutoverError('backup_invalid', message, { cause: error });
  }
}
