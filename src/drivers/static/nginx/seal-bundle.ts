import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredBundle } from '../../../engine/ports/static-files.ts';
import { shown } from '../../archive/shown.ts';
import { type BundleLimits, overLimit, refused } from './untar.ts';

/**
 * Checks and fixes what was put below `root`, and names it: SHA-256 over the sorted paths, modes and contents. Modes become 0644
 * (0755 where executable). A file's time becomes a function of its content: the web server makes ETags of time and size, and
 * this way an unchanged file keeps its ETag over deployments, while a changed one never has its predecessor's.
 */
export async function sealBundle(root: string, limits: BundleLimits, signal: AbortSignal): Promise<StoredBundle> {
  const paths = await walk(root);
  const total = createHash('sha256');
  const count = { files: 0, bytes: 0 };
  for (const path of paths.toSorted(byBytes)) {
    signal.throwIfAborted();
    const file = await sealFile(root, path);
    count.files += 1;
    count.bytes += file.size;
    const problem = overLimit(count, limits);
    if (problem !== null) throw problem;
    total.update(`${file.mode} ${file.digest} ${path}\0`);
  }
  return { bundle: total.digest('hex'), sizeBytes: count.bytes, files: count.files };
}

interface SealedFile {
  readonly mode: string;
  readonly digest: string;
  readonly size: number;
}

async function sealFile(root: string, path: string): Promise<SealedFile> {
  const full = join(root, path);
  const status = await lstat(full);
  if (!status.isFile()) throw refused(`${shown(path)} is not a file`);
  const digest = await hashFile(full);
  const executable = (status.mode & 0o111) !== 0;
  await chmod(full, executable ? 0o755 : 0o644);
  const time = contentTime(digest);
  await utimes(full, time, time);
  return { mode: executable ? '100755' : '100644', digest, size: status.size };
}

/** Paths of everything but directories, relative to `root`; directories become 0755. */
async function walk(root: string, below = ''): Promise<string[]> {
  await chmod(join(root, below), 0o755);
  const entries = await readdir(join(root, below), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) for (const each of await walk(root, path)) found.push(each);
    else found.push(path);
  }
  return found;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Seconds since 1970, between 2001 and 2018. */
function contentTime(digest: string): number {
  return 1_000_000_000 + (Number.parseInt(digest.slice(0, 12), 16) % 2 ** 29);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
