import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { CutoverError } from '../../../domain/errors.ts';
import { explainBroken, messageOf, type ApiAnswer, type DockerApi } from './docker-api.ts';

const created = z.object({ Id: z.string() });
const removeTimeoutMs = 10_000;

/**
 * The files under `path` in the image, as a tar whose names begin below `path`. They are read from a container that is never
 * started and that is removed when the reader is done, gives up, or the signal aborts.
 * Errors: `artifact_gone` (no such image), `build_empty_output` (no such directory in it), `runtime_unavailable`.
 */
export async function exportFiles(
  docker: DockerApi,
  imageId: string,
  path: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const container = await createContainer(docker, imageId, signal);
  try {
    // The dot asks for what is in the directory instead of the directory.
    const query = new URLSearchParams({ path: `${path.replace(/\/+$/, '')}/.` }).toString();
    const response = await docker.stream({ method: 'GET', path: `/containers/${container}/archive?${query}`, signal });
    if (response.statusCode === 200) return chunksOf(docker, container, response, signal);
    response.resume();
    throw new CutoverError('build_empty_output', `the image has no directory ${path}`);
  } catch (error) {
    await removeContainer(docker, container);
    throw explainBroken(error, signal);
  }
}

async function createContainer(docker: DockerApi, imageId: string, signal: AbortSignal): Promise<string> {
  // An image of files only has no command, and the engine refuses to create a container without one.
  const json = { Image: imageId, Cmd: ['-'], NetworkDisabled: true, Labels: { 'cutover.purpose': 'export-files' } };
  const answer: ApiAnswer = await docker.call({ method: 'POST', path: '/containers/create', json, signal });
  if (answer.status === 404) throw new CutoverError('artifact_gone', `the image ${imageId} is not on this machine`);
  if (answer.status !== 201) throw new CutoverError('runtime_unavailable', `Docker Engine: ${messageOf(answer.body)}`);
  return created.parse(answer.body).Id;
}

/** The stream closes when it is read to its end, given up or aborted, also where nobody began to read it. */
function chunksOf(
  docker: DockerApi,
  container: string,
  response: IncomingMessage,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  response.once('close', resolve);
  const removed = closed.then(() => removeContainer(docker, container));
  return (async function* () {
    try {
      yield* response as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw explainBroken(error, signal);
    } finally {
      response.destroy();
      await removed;
    }
  })();
}

async function removeContainer(docker: DockerApi, container: string): Promise<void> {
  const path = `/containers/${container}?force=1&v=1`;
  const { status, body } = await docker.call({ method: 'DELETE', path, signal: AbortSignal.timeout(removeTimeoutMs) });
  if (status >= 400 && status !== 404)
    throw new CutoverError('runtime_unavailable', `Docker Engine: ${messageOf(body)}`);
}
