import { link, lstat, mkdir, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { shown } from '../../archive/shown.ts';
import { type BundleLimits, refused } from './untar.ts';

/** What is replaced, and how much of it so far. */
interface Replacing {
  readonly root: string;
  readonly limits: BundleLimits;
  readonly signal: AbortSignal;
  entries: number;
}

/**
 * Puts what a symbolic link below `root` leads to in its place, so that the web server need not follow any. A link that leads nowhere is
 * removed. Errors: `invalid_input` for one that leads outside or to itself, and for more entries than a bundle may have files.
 */
export async function followLinks(root: string, limits: BundleLimits, signal: AbortSignal): Promise<void> {
  const real = await realpath(root);
  await replaceLinks(real, { root: real, limits, signal, entries: 0 });
}

async function replaceLinks(directory: string, replacing: Replacing): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    replacing.signal.throwIfAborted();
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await replaceLinks(path, replacing);
    if (!entry.isSymbolicLink()) continue;
    const reached = await targetOf(path, replacing.root);
    await rm(path);
    if (reached !== null) await putInPlace(reached, path, [directory], replacing);
  }
}

/** `under`: the directories that are being repeated, of which none may be repeated inside itself. */
async function putInPlace(source: string, path: string, under: readonly string[], replacing: Replacing): Promise<void> {
  replacing.signal.throwIfAborted();
  replacing.entries += 1;
  if (replacing.entries > replacing.limits.files) throw refused('its links repeat too many files');
  const status = await lstat(source);
  // The files of a bundle never change, so one may have several names.
  if (status.isFile()) return link(source, path);
  const name = shown(path.slice(replacing.root.length + 1));
  if (!status.isDirectory()) throw refused(`${name} is not a file`);
  if (under.some((directory) => isInside(source, directory))) throw refused(`the link ${name} leads to itself`);
  await mkdir(path);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name);
    const reached = entry.isSymbolicLink() ? await targetOf(from, replacing.root) : from;
    if (reached !== null) await putInPlace(reached, join(path, entry.name), [...under, source], replacing);
  }
}

/** null for a link that leads nowhere. */
async function targetOf(path: string, root: string): Promise<string | null> {
  const name = shown(path.slice(root.length + 1));
  const target = await readlink(path);
  if (target.startsWith('/')) throw refused(`the link ${name} is absolute`);
  if (!isInside(root, resolve(dirname(path), target))) throw refused(`the link ${name} leads outside`);
  try {
    const reached = await realpath(path);
    if (!isInside(root, reached)) throw refused(`the link ${name} leads outside`);
    return reached;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
    if (code === 'ELOOP') throw refused(`the link ${name} leads to itself`);
    throw error;
  }
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root + sep);
}
