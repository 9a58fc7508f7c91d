import type { Transform } from 'node:stream';
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
