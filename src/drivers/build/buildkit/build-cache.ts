import { z } from 'zod';
import type { BuildCache } from '../../../engine/ports/build-cache.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { createDockerApi, messageOf } from './docker-api.ts';

const pruned = z.object({ SpaceReclaimed: z.number() });

/** Of BuildKit inside Docker Engine: one cache for everything that is built on the machine. */
export function createBuildCache(options: { readonly socketPath: string }): BuildCache {
  const docker = createDockerApi(options.socketPath);
  return {
    async prune(keepBytes, signal) {
      const path = `/build/prune?keep-storage=${keepBytes}`;
      const { status, body } = await docker.call({ method: 'POST', path, signal });
      if (status !== 200) throw new CutoverError('runtime_unavailable', `Docker Engine: ${messageOf(body)}`);
      return pruned.parse(body).SpaceReclaimed;
    },
  };
}
