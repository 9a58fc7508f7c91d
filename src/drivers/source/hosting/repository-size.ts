import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How much a bare repository keeps: everything that is pushed comes as packs. */
export async function packedSize(path: string): Promise<{ readonly packs: number; readonly bytes: number }> {
  const directory = join(path, 'objects', 'pack');
  const names = await readdir(directory);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(directory, name))));
  return {
    packs: names.filter((name) => name.endsWith('.pack')).length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** Git removes files meanwhile. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
      throw error;
    },
  );
}
