import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

export type Compression = 'none' | 'gzip' | 'zstd';

/** By its first bytes; nobody's word for it is taken. */
export function compressionOf(start: Uint8Array): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return 'zstd';
  return 'none';
}

/** null where there is nothing to be undone. */
export function decompressor(compression: Compression): Transform | null {
  if (compression === 'none') return null;
  return compression === 'gzip' ? createGunzip() : createZstdDecompress();
}

export async function compressionOfFile(path: string): Promise<Compression> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return compressionOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** The tar stream in the file. An error of the file is one of the stream. */
export function openTarball(path: string, compression: Compression): Readable {
  const file = createReadStream(path);
  const plain = decompressor(compression);
  if (plain === null) return file;
  file.on('error', (error) => plain.destroy(error));
  plain.on('close', () => file.destroy());
  return file.pipe(plain);
}
