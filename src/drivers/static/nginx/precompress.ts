import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, readdir, rm, stat, utimes } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { isOfBrotli } from './brotli-tree.ts';

const compressible = new Set(
  '.html .htm .css .js .mjs .cjs .json .map .svg .xml .txt .md .csv .wasm .webmanifest .ico .ttf .otf .eot .rss .atom .geojson'.split(
    ' ',
  ),
);
const smallest = 1024;

/**
 * Puts a `.gz` beside every file that gains by it; the web server sends it to whoever takes gzip. `always`: names that get one in any case,
 * since an answer of the web server says only with it that it depends on what is taken.
 */
export async function precompress(root: string, always: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  const names = await readdir(root, { recursive: true });
  const known = new Set(names);
  const isCandidate = (name: string) => always.has(name) || compressible.has(extname(name).toLowerCase());
  for (const name of names.filter((one) => isCandidate(one) && !isOfBrotli(one) && !known.has(`${one}.gz`)))
    await compress(join(root, name), always.has(name), signal);
}

async function compress(path: string, always: boolean, signal: AbortSignal): Promise<void> {
  const status = await lstat(path);
  if (!status.isFile() || (status.size < smallest && !always)) return;
  const target = `${path}.gz`;
  const write = createWriteStream(target, {
    flags: 'wx',
    mode: 0o644,
  });
  await pipeline(createReadStream(path), createGzip({ level: 7 }), write, { signal });
  const { size } = await stat(target);
  if (size > status.size * 0.9 && !always) await rm(target);
  else await utimes(target, status.mtime, status.mtime);
}
