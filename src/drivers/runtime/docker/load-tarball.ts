import { Readable } from 'node:stream';
import { EngineRefusal, isDiskFull, isRefusal, type EngineConnection } from './engine-connection.ts';
import { platformOf } from './image-platform.ts';
import { chooseImage } from './image-tarball/choose-image.ts';
import { rewriteTarball } from './image-tarball/rewrite-tarball.ts';
import { surveyTarball } from './image-tarball/survey-tarball.ts';
import { refused } from './image-tarball/tarball-limits.ts';

interface Loading {
  readonly engine: EngineConnection;
  readonly path: string;
  /** The only name that the image will have. */
  readonly name: string;
  readonly onLine: (line: string) => void;
}

const loadTimeoutMs = 30 * 60_000;

/** Looks through all of it first, so that the engine gets nothing that has not been checked. */
export async function loadTarball({ engine, path, name, onLine }: Loading, signal: AbortSignal): Promise<void> {
  const survey = await surveyTarball(path, signal);
  const image = chooseImage(survey, await platformOf(engine, signal));
  onLine(`one image with ${image.layers.length} layers: every layer is what the image's configuration says`);
  const failed = new AbortController();
  const problems: Error[] = [];
  const tar = Readable.from(guarded(rewriteTarball({ path, survey, image, name }, signal)), { objectMode: false });
  try {
    const said = await engine.call(
      { what: 'load an image', timeoutMs: loadTimeoutMs },
      AbortSignal.any([signal, failed.signal]),
      async (docker, abortSignal) => textOf(await docker.loadImage(tar, { quiet: true, abortSignal })),
    );
    const error = /"error":"((?:[^"\\]|\\.)*)"/.exec(said)?.[1];
    if (error !== undefined) throw new EngineRefusal('load an image', 500, { said: error, cause: said });
  } catch (error) {
    signal.throwIfAborted();
    const [problem] = problems;
    if (problem !== undefined) throw problem;
    if (isDiskFull(error) || !isRefusal(error, 400, 500)) throw error;
    throw refused(`Docker Engine says: ${error.said}`, error);
  } finally {
    tar.destroy();
  }

  /** The client library does not notice when what it sends fails. */
  async function* guarded(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      problems.push(error instanceof Error ? error : new Error(String(error)));
      failed.abort(error);
      throw error;
    }
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for await (const chunk of stream) said = `${said}${String(chunk)}`.slice(-10_000);
  return said;
}
