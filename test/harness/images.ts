import Docker from 'dockerode';
import { buildBaseImages } from '../../src/drivers/images/base-images.ts';
import type { BaseImageName } from '../../src/drivers/images/recipe.ts';

export const dockerSocket = '/var/run/docker.sock';

/** The id of a base image; assembled first where it is missing. It stays on the machine: every test shares it. */
export async function baseImage(name: BaseImageName): Promise<string> {
  const reference = name === 'node' ? 'cutover/base-node:24' : `cutover/base-${name}:latest`;
  const present = await imageId(reference);
  if (present !== null) return present;
  const [built] = await buildBaseImages({
    socketPath: dockerSocket,
    which: [name],
    nodeMajors: [24],
    onLine: () => {},
    signal: AbortSignal.timeout(300_000),
  });
  if (built === undefined) throw new Error(`no image was built for ${name}`);
  return built.imageId;
}

async function imageId(reference: string): Promise<string | null> {
  try {
    return (await new Docker({ socketPath: dockerSocket }).getImage(reference).inspect()).Id;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return null;
    throw error;
  }
}
