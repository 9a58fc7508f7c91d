import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Disks, DiskSpace } from '../../engine/ports/disks.ts';

/** The disks of this machine. */
export const systemDisks: Disks = { space };

async function space(path: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing || dirname(path) === path) throw error;
    return space(dirname(path));
  }
}
