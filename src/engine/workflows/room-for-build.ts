import { CutoverError } from '../../domain/errors.ts';
import { describeBytes } from '../../domain/retention.ts';
import { neededBytes } from '../../domain/retention-settings.ts';
import type { Disks } from '../ports/disks.ts';
import type { ImageStock } from '../ports/image-stock.ts';
import type { RetentionStore } from '../ports/retention-store.ts';

interface RoomDependencies {
  readonly disks: Disks;
  readonly images: Pick<ImageStock, 'directory'>;
  readonly store: Pick<RetentionStore, 'settings'>;
  /** Where the platform keeps checkouts, logs and bundles. */
  readonly dataDirectory: string;
}

/** Throws `disk_low` where a disk that a build fills has too little room to begin one: better than to run out in the middle. */
export async function requireRoomForBuild(dependencies: RoomDependencies, signal: AbortSignal): Promise<void> {
  const { disks, images, store, dataDirectory } = dependencies;
  const settings = await store.settings();
  if (settings.minFreeBytes === 0) return;
  const places = [
    { path: dataDirectory, what: 'the data directory' },
    { path: await images.directory(signal), what: 'the directory of Docker' },
  ];
  for (const { path, what } of places) {
    const disk = await disks.space(path);
    const needed = neededBytes(disk, settings);
    if (disk.freeBytes >= needed) continue;
    throw new CutoverError(
      'disk_low',
      `${describeBytes(disk.freeBytes)} are free on the disk of ${what} (${path}), and a build is begun with ${describeBytes(needed)} at least`,
    );
  }
}
