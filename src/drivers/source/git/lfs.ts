import { chmod, copyFile, lstat, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { Allowance } from './limits.ts';
import type { Mirror } from './mirror.ts';
import type { TreeListing } from './tree-listing.ts';

interface Pointer {
  /** In the work tree. */
  readonly path: string;
  /** SHA-256 of the content, in hex. */
  readonly id: string;
  readonly bytes: number;
}

/** The files of a work tree that stand for content which Git LFS keeps elsewhere. */
export async function findPointers(workTree: string, listing: TreeListing): Promise<readonly Pointer[]> {
  const texts = await Promise.all(listing.attributeFiles.map((path) => readPlain(join(workTree, path))));
  if (!texts.some((text) => text !== null && /\bfilter=lfs\b/.test(text))) return [];
  const pointers: Pointer[] = [];
  for (const path of listing.smallFiles) {
    const pointer = parse(path, (await readPlain(join(workTree, path))) ?? '');
    if (pointer !== null) pointers.push(pointer);
  }
  return pointers;
}

/** null: it is a link, or not there. */
async function readPlain(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isFile() ? await readFile(path, 'utf8') : null;
  } catch (error) {
    // A name that is no text is not found by it.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function parse(path: string, text: string): Pointer | null {
  const [, id, bytes] =
    /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:.+\n)*?oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n$/.exec(
      text,
    ) ?? [];
  return id === undefined ? null : { path, id, bytes: Number(bytes) };
}

const mostNamed = 5;

/** For a log: what is missing in the work tree, and how it comes there. */
export function describePointers(pointers: readonly Pointer[]): string {
  const named = pointers.slice(0, mostNamed).map(({ path }) => JSON.stringify(path));
  const more = pointers.length > mostNamed ? ` and ${pointers.length - mostNamed} more` : '';
  return `warning: Git LFS keeps the content of ${named.join(', ')}${more}; only pointers are here. \`--lfs\` of \`cutover projects update\`, or \`lfs: true\` in cutover.yaml, brings it`;
}

/**
 * Puts the content in place of the pointers. The server is asked at the repository's own address, whatever `.lfsconfig` says.
 * Errors: `lfs_missing` where there is no `git-lfs`, `lfs_failed`, `repository_too_large`.
 */
export async function fillPointers(
  pointers: readonly Pointer[],
  { mirror, commit, workTree, allowance }: { mirror: Mirror; commit: string; workTree: string; allowance: Allowance },
): Promise<void> {
  if (pointers.length === 0) return;
  for (const { bytes } of pointers) allowance.addBytes(bytes);
  await mirror.fetchLfs(commit);
  for (const pointer of pointers) await fill(pointer, mirror.path, workTree);
}

async function fill({ path, id, bytes }: Pointer, gitDir: string, workTree: string): Promise<void> {
  const content = join(gitDir, 'lfs', 'objects', id.slice(0, 2), id.slice(2, 4), id);
  const size = await stat(content).then(
    (info) => info.size,
    () => null,
  );
  if (size !== bytes)
    throw new CutoverError('lfs_failed', `Git LFS has not brought the content of ${JSON.stringify(path)}.`);
  const place = join(workTree, path);
  const { mode } = await lstat(place);
  await rm(place);
  await copyFile(content, place);
  await chmod(place, mode & 0o777);
}
