import { once } from 'node:events';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { CutoverError } from '../../contract/errors.ts';
import type { WorkingDirectory, WorkingFile } from './working-directory.ts';

/** The same for every file, so that the same files are the same bytes, whoever sends them from wherever. */
const fixed = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) };

/** A gzipped tar, made while it is read. `onRead` is told of every so many bytes of the files. Error: `usage`. */
export async function* packFiles(
  directory: WorkingDirectory,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const zipped = createGzip({ level: 4 });
  tar.on('error', (error) => zipped.destroy(error));
  const fail = (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error)));
  const writing = write(tar, directory, onRead).catch(fail);
  tar.pipe(zipped);
  try {
    for await (const chunk of zipped) if (chunk instanceof Uint8Array) yield chunk;
  } finally {
    tar.destroy();
    zipped.destroy();
  }
  await writing;
}

async function write(tar: Pack, { path, files }: WorkingDirectory, onRead: (bytes: number) => void): Promise<void> {
  const closed = new Promise<void>((resolve) => tar.once('close', resolve));
  for (const file of files) {
    if (tar.destroyed) return;
    if (file.target === null) await writeFile(tar, { root: path, file, closed, onRead });
    else tar.entry({ ...fixed, name: file.path, type: 'symlink', linkname: file.target, mode: 0o777 });
  }
  tar.finalize();
}

interface Writing {
  readonly root: string;
  readonly file: WorkingFile;
  /** Nobody takes any more of it. */
  readonly closed: Promise<void>;
  readonly onRead: (bytes: number) => void;
}

async function writeFile(tar: Pack, { root, file, closed, onRead }: Writing): Promise<void> {
  const { path, sizeBytes, executable } = file;
  await using opened = await openFile(join(root, path), path);
  const done = Promise.withResolvers<void>();
  const header = { ...fixed, name: path, size: sizeBytes, mode: executable ? 0o755 : 0o644 };
  const entry = tar.entry(header, (error) => (error == null ? done.resolve() : done.reject(error)));
  // Both tell the tar's failure once more, which would end the process where nobody listens.
  entry.on('error', (error) => tar.destroy(error));
  done.promise.catch(() => undefined);
  for await (const chunk of exactly(opened, file)) {
    if (tar.destroyed) return;
    onRead(chunk.length);
    if (!entry.write(chunk)) await Promise.race([once(entry, 'drain'), closed]);
  }
  entry.end(undefined);
  await Promise.race([done.promise, closed]);
}

/** Never through a link that was put in its place since it was looked at. */
async function openFile(absolute: string, path: string): Promise<FileHandle> {
  try {
    return await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw new CutoverError('usage', `${JSON.stringify(path)} cannot be read (${String(cause)})`, { cause });
  }
}

const readBytes = 64 * 1024;

/** As many bytes as were announced. Error: `usage` where it has become shorter; what was added is left out. */
async function* exactly(file: FileHandle, { path, sizeBytes }: WorkingFile): AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(left, readBytes)));
    if (bytesRead === 0)
      throw new CutoverError('usage', `${JSON.stringify(path)} was changed while it was sent; try again`);
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
