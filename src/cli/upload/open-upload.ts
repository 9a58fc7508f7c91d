import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-fs';
import { CutoverError } from '../../contract/errors.ts';
import type { Terminal } from '../terminal.ts';

export interface OpenUpload {
  readonly filename: string;
  /** null where it is made while it is sent. */
  readonly sizeBytes: number | null;
  readonly bytes: AsyncIterable<Uint8Array>;
}

const neverServed = new Set(['.git', '.DS_Store']);

/** A file; `-` is standard input. Error: `usage`. */
export async function openFile(path: string, { input }: Pick<Terminal, 'input'>): Promise<OpenUpload> {
  if (path === '-') return { filename: '-', sizeBytes: null, bytes: input() };
  const found = await look(path);
  if (!found.isFile()) throw new CutoverError('usage', `${path} is not a file`);
  return { filename: basename(path), sizeBytes: found.size, bytes: createReadStream(path) };
}

/** The same, or a directory, which is packed while it is sent. */
export async function openFiles(path: string, terminal: Pick<Terminal, 'input'>): Promise<OpenUpload> {
  if (path === '-' || !(await look(path)).isDirectory()) return openFile(path, terminal);
  const tar = pack(path, { ignore: (name) => neverServed.has(basename(name)) });
  const zipped = createGzip({ level: 4 });
  tar.on('error', (error) => zipped.destroy(error));
  return {
    filename: `${basename(path) === '.' ? 'site' : basename(path)}.tar.gz`,
    sizeBytes: null,
    bytes: tar.pipe(zipped),
  };
}

async function look(path: string) {
  return stat(path).catch((cause: unknown) => {
    throw new CutoverError('usage', `${path} cannot be read`, { cause });
  });
}
