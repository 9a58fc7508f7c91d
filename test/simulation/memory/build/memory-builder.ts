import { hash } from 'node:crypto';
import { CutoverError } from '../../../../src/domain/errors.ts';
import type { Builder, BuildLine, BuildRequest, BuiltImage } from '../../../../src/engine/ports/builder.ts';
import type { Caller } from '../runtime/reach.ts';
import type { Containers } from '../runtime/containers.ts';
import type { Images } from '../runtime/images.ts';
import type { AppFiles } from './app-files.ts';
import type { Checkouts } from './checkouts.ts';
import { packTar } from './tar.ts';

export interface BuilderParts {
  readonly checkouts: Checkouts;
  readonly images: Images;
  readonly containers: Containers;
}

/** Builds what the app's files say. A build ends with the connection it was asked for on. */
export class MemoryBuilder implements Builder {
  readonly #parts: BuilderParts;
  readonly #caller: Caller;

  constructor(parts: BuilderParts, caller: Caller) {
    this.#parts = parts;
    this.#caller = caller;
  }

  async build(request: BuildRequest, onLine: (line: BuildLine) => void, signal: AbortSignal): Promise<BuiltImage> {
    this.#begin(signal);
    const place = this.#parts.checkouts.resolve(request.contextPath);
    const app = place?.commit.apps[place.directory];
    if (place === null || app === undefined) {
      throw new CutoverError('dockerfile_invalid', `there is no Dockerfile in ${request.contextPath}`);
    }
    this.#refuseMissingBases(request);
    const { lines, failure, ms } = app.build;
    for (const line of lines) onLine(line);
    await this.#work(ms ?? Infinity, request.timeoutMs, signal);
    if (failure !== null) throw new CutoverError(failure.code, failure.message);
    return this.#keep(request, app);
  }

  async exportFiles(imageId: string, path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    this.#begin(signal);
    const image = this.#parts.images.find(imageId);
    if (image === null) throw new CutoverError('artifact_gone', `no such image: ${imageId}`);
    const root = path.endsWith('/') ? path : `${path}/`;
    const below = [...image.files].filter(([name]) => name.startsWith(root));
    if (below.length === 0) throw new CutoverError('build_empty_output', `there are no files below ${path}`);
    return once(packTar(new Map(below.map(([name, text]) => [name.slice(root.length), text]))), signal);
  }

  /** Time passes for whoever waits: nobody else hears of it when he is gone. */
  async #work(ms: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (ms > 0) await this.#caller.clock.sleep(Math.min(ms, timeoutMs), signal);
    this.#begin(signal);
    if (ms > timeoutMs) throw new CutoverError('build_timed_out', `the build took longer than ${timeoutMs / 1000} s`);
  }

  #refuseMissingBases({ plan }: BuildRequest): void {
    const missing = plan.baseImages.find((ref) => this.#parts.images.find(ref) === null);
    if (missing !== undefined) throw new CutoverError('base_image_missing', `there is no image \`${missing}\` here`);
  }

  /** Equal input is an equal image. */
  #keep({ plan, tag, labels }: BuildRequest, { name, build, exposedPorts, app }: AppFiles): BuiltImage {
    const input = JSON.stringify([name, plan.dockerfile, plan.target, plan.buildArgs, labels]);
    const imageId = `sha256:${hash('sha256', input)}`;
    const built = { imageId, sizeBytes: build.sizeBytes, exposedPorts: [...exposedPorts].toSorted((a, b) => a - b) };
    this.#parts.images.add({ ...built, labels, app, files: new Map(Object.entries(build.files)) }, tag);
    return built;
  }

  #begin(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#caller.life.throwIfAborted();
    if (!this.#parts.containers.isUp) throw new CutoverError('runtime_unavailable', 'the engine does not answer');
  }
}

async function* once(bytes: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  yield bytes;
  signal.throwIfAborted();
}
