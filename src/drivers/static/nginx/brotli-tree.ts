import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

/** Directory of a bundle, never asked for by name, in which files with brotli have the names of what they hold. */
export const brotliTree = '.cutover-br';

const extension = '.br';

/** Of a path relative to the bundle. */
export function isOfBrotli(path: string): boolean {
  return path.startsWith(`${brotliTree}/`);
}

/**
 * Makes `.cutover-br/app.js` of every `app.js.br` that has an `app.js` beside it and holds the same: one that does not is a file like any
 * other, so that nobody is sent what is outdated. Resolves to the names of the files that are there both ways.
 */
export async function linkBrotli(root: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const names = new Set(await readdir(root, { recursive: true }));
  const linked = new Set<string>();
  for (const name of names) {
    const plain = name.slice(0, -extension.length);
    if (!name.endsWith(extension) || !names.has(plain)) continue;
    if (!(await holdsTheSame(join(root, name), join(root, plain), signal))) continue;
    await mkdir(dirname(join(root, brotliTree, plain)), { recursive: true, mode: 0o755 });
    await link(join(root, name), join(root, brotliTree, plain));
    linked.add(plain);
  }
  return linked;
}

async function holdsTheSame(compressed: string, plain: string, signal: AbortSignal): Promise<boolean> {
  const [one, other] = [await lstat(compressed), await lstat(plain)];
  if (!one.isFile() || !other.isFile()) return false;
  const content = await digest(compressed, { isBrotli: true, limit: other.size, signal });
  return content !== null && content === (await digest(plain, { isBrotli: false, limit: other.size, signal }));
}

interface Reading {
  readonly isBrotli: boolean;
  /** Bytes that are read at most. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** null for more than the limit, and for what is not brotli. */
async function digest(path: string, { isBrotli, limit, signal }: Reading): Promise<string | null> {
  const hash = createHash('sha256');
  let size = 0;
  const write = (chunk: Buffer, _encoding: string, done: (error?: Error) => void) => {
    size += chunk.length;
    hash.update(chunk);
    done(size > limit ? new RangeError('too long') : undefined);
  };
  const target = new Writable({ write });
  try {
    if (isBrotli) await pipeline(createReadStream(path), createBrotliDecompress(), target, { signal });
    else await pipeline(createReadStream(path), target, { signal });
  } catch (error) {
    if (isNotBrotli(error)) return null;
    throw error;
  }
  return hash.digest('hex');
}

function isNotBrotli(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Cut off, or with something else in it.
  return code === 'Z_BUF_ERROR' || code.startsWith('ERR__ERROR_FORMAT');
}
