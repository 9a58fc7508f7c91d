import { execFile } from 'node:child_process';
import { mkdir, statfs, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Only root may mount one. */
export const mayMount = process.getuid?.() === 0;

export interface SmallDisk extends AsyncDisposable {
  /** Takes what is left, but for so many bytes (0), until disposed. */
  fill(leave?: number): Promise<AsyncDisposable>;
  resize(megabytes: number): Promise<void>;
}

/** A file system of its own on the directory, in memory, which is made where it is missing. */
export async function mountSmallDisk(path: string, megabytes: number, mode = '0755'): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=${mode}`, 'tmpfs', path]);
  return {
    async fill(leave = 0) {
      const filler = join(path, 'filler');
      const { bavail, bsize } = await statfs(path);
      await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
      return { [Symbol.asyncDispose]: () => unlink(filler) };
    },
    async resize(size) {
      await run('mount', ['-o', `remount,size=${size}m`, path]);
    },
    async [Symbol.asyncDispose]() {
      await run('umount', ['--lazy', path]);
    },
  };
}
