import { z } from 'zod';
import { createDockerApi } from './docker-api.ts';

/** What Docker Engine keeps on its disk, for everybody who uses it. */
export interface EngineUsage {
  /** Layers of all images, each counted once. */
  readonly imageBytes: number;
  /** What earlier builds left, without what images share with it. */
  readonly buildCacheBytes: number;
}

const usage = z.object({
  LayersSize: z.number().default(0),
  BuildCache: z.array(z.object({ Size: z.number(), Shared: z.boolean() })).nullish(),
});

/** null where the engine says no: it counts for one caller at a time. Error: `runtime_unavailable`. */
export async function readEngineUsage(socketPath: string, signal: AbortSignal): Promise<EngineUsage | null> {
  const { status, body } = await createDockerApi(socketPath).call({ method: 'GET', path: '/system/df', signal });
  if (status !== 200) return null;
  const { LayersSize, BuildCache } = usage.parse(body);
  const own = (BuildCache ?? []).filter(({ Shared }) => !Shared);
  return { imageBytes: LayersSize, buildCacheBytes: own.reduce((sum, { Size }) => sum + Size, 0) };
}
