import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, readdir, rm, stat, utimes } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const compressible = new Set(
  '.html .htm .css .js .mjs .cjs .json .map .svg .xml .txt .md .csv .wasm .webmanifest .ico .ttf .otf .eot .rss .atom .geojson'.split(
    ' ',
  ),
);
const smallest = 1024;

/** Puts a `.gz` beside every file that gains by it; the web server sends it to whoever takes gzip. */
export async function precompress(root: string, signal: AbortSignal): Promise<void> {
  const names = await readdir(root, { recursive: true });
  const known = new Set(names);
  const candidates = names.filter((name) => compressible.has(extname(name).toLowerCase()) && !known.has(`${name}.gz`));
  for (const name of candidates) await compress(join(root, name), signal);
}

async function compress(path: string, signal: AbortSignal): Promise<void> {
  const status = await lstat(path);
  if (!status.isFile() || status.size < smallest) return;
  const target = `${path}.gz`;
  const write = createWriteStream(target, {
    flags: 'wx',
    mode: 0o644,
  });
  await pipeline(createReadStream(path), createGzip({ level: 7 }), write, { signal });
  const { size } = await stat(target);
  if (size > status.size * 0.9) await rm(target);
  else await utimes(target, status.mtime, status.mtime);
}
