import { awaitedUpload } from '../../domain/source.ts';
import type { Pass } from './reconciler.ts';

/** Somebody sent it and went away, or its deployment was cancelled while it waited; one that comes in is written to. */
export async function collectUploads({
  workshop,
  found,
  desired,
  attempt,
}: Pick<Pass, 'workshop' | 'found' | 'desired' | 'attempt'>): Promise<void> {
  const { uploads } = workshop.ports;
  const awaited = new Set(desired.deployments.map(({ deployment }) => awaitedUpload(deployment)));
  for (const id of found.uploads) {
    if (awaited.has(id)) continue;
    workshop.log.warn({ upload: id }, 'an upload belonged to no deployment and is removed');
    await attempt(() => uploads.remove(id));
  }
}
