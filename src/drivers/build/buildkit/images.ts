import { z } from 'zod';
import type { BuiltImage } from '../../../engine/ports/builder.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { messageOf, type DockerApi } from './docker-api.ts';

const imageDetails = z.object({
  Id: z.string(),
  Size: z.number(),
  Config: z.object({ ExposedPorts: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});
const removeTimeoutMs = 10_000;

/** Errors: `artifact_gone` when there is no such image. */
export async function findImage(docker: DockerApi, imageId: string, signal: AbortSignal): Promise<BuiltImage> {
  const { status, body } = await docker.call({
    method: 'GET',
    path: `/images/${encodeURIComponent(imageId)}/json`,
    signal,
  });
  if (status === 404) throw new CutoverError('artifact_gone', `the image ${imageId} is not on this machine`);
  if (status !== 200) throw new CutoverError('runtime_unavailable', `Docker Engine: ${messageOf(body)}`);
  const image = imageDetails.parse(body);
  const exposed = Object.keys(image.Config?.ExposedPorts ?? {});
  return { imageId: image.Id, sizeBytes: image.Size, exposedPorts: tcpPorts(exposed) };
}

/** Takes the tag away, and with it the image if that was its only name. Absent is fine. */
export async function removeTag(docker: DockerApi, tag: string): Promise<void> {
  const path = `/images/${encodeURIComponent(tag)}?force=1`;
  const { status, body } = await docker.call({ method: 'DELETE', path, signal: AbortSignal.timeout(removeTimeoutMs) });
  if (status >= 400 && status !== 404)
    throw new CutoverError('runtime_unavailable', `Docker Engine: ${messageOf(body)}`);
}

/** Ports of the form `80/tcp`, ascending. */
function tcpPorts(exposed: readonly string[]): readonly number[] {
  const ports = exposed
    .map((text) => /^(\d+)(?:\/tcp)?$/.exec(text)?.[1])
    .filter((port) => port !== undefined)
    .map(Number);
  return ports.toSorted((a, b) => a - b);
}
