import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { decompressor, type Compression } from './compression.ts';

/** So many bytes, or the whole file where it is shorter. */
export async function startOfFile(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What is in the file, with nothing compressed any more. An error of the file is one of the stream. */
export function openArchive(path: string, compression: Compression): Readable {
  const file = createReadStream(path);
  const plain = decompressor(compression);
  if (plain === null) return file;
  file.on('error', (error) => plain.destroy(error));
  plain.on('close', () => file.destroy());
  return file.pipe(plain);
}
