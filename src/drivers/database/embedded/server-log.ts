import { copyFile, open, truncate, type FileHandle } from 'node:fs/promises';

const sizeLimitBytes = 5 * 1024 * 1024;

/**
 * Opens the server's own log for a child to append to. Past 5 MB the file becomes `<path>.1` and starts anew: checked at every
 * start, which is when it grows. Readable by us alone.
 */
export async function openServerLog(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+', 0o600);
  if ((await file.stat()).size > sizeLimitBytes) {
    // Not by renaming: a server that still runs goes on writing into the same file.
    await copyFile(path, `${path}.1`);
    await truncate(path, 0);
  }
  return file;
}

/** What was written from byte `start` on, without the last line's end; at most 4 KiB. */
export async function readServerLog(file: FileHandle, start: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, start);
  return buffer.toString('utf8', 0, bytesRead).trimEnd();
}
