import { constants } from 'node:fs';
import { access, open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';

const largestBytes = 64 * 1024;

/** What is at a name of the app's directory; `refused` says why it was not read. */
export type ConfigFile =
  | { readonly type: 'absent' }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'refused'; readonly message: string };

/** The app's directory of a work tree. Nothing outside of the work tree is opened, whatever links there are. */
export interface ConfigDirectory {
  /** In the order of the file system. */
  readonly names: readonly string[];
  read(name: string): Promise<ConfigFile>;
}

/** Error: `directory_not_found` when the directory does not exist or lies outside the work tree. */
export async function openConfigDirectory(checkoutPath: string, directory: string): Promise<ConfigDirectory> {
  const root = await realOrNull(checkoutPath);
  const app = await realOrNull(join(checkoutPath, directory));
  if (root === null || app === null || !isInside(root, app) || !(await stat(app)).isDirectory()) {
    throw new CutoverError('directory_not_found', `there is no directory \`${directory || checkoutPath}\``);
  }
  const names = await readdir(app);
  return {
    names,
    async read(name) {
      if (!names.includes(name)) return { type: 'absent' };
      const path = await realOrNull(join(app, name));
      if (path === null) return refused('is a symbolic link that leads nowhere');
      return isInside(root, path) ? readSmall(path) : refused('is a symbolic link that leads out of the repository');
    },
  };
}

/** The directory that a working directory's repository begins in; the directory itself where there is no repository. */
export async function repositoryAround(directory: string): Promise<string> {
  for (let path = directory; ; path = dirname(path)) {
    const found = await access(join(path, '.git')).then(
      () => true,
      () => false,
    );
    if (found) return path;
    if (dirname(path) === path) return directory;
  }
}

/** Open, or why not. */
async function openOrRefuse(path: string): Promise<FileHandle | ConfigFile> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (['EACCES', 'EPERM', 'ELOOP', 'ENXIO', 'ENOENT'].includes(code)) return refused(`cannot be opened (${code})`);
    throw error;
  }
}

/** A pipe or a device is not waited for; what grows meanwhile is not read on. */
async function readSmall(path: string): Promise<ConfigFile> {
  const opened = await openOrRefuse(path);
  if ('type' in opened) return opened;
  await using file = opened;
  const info = await file.stat();
  if (!info.isFile()) return refused('is not a file');
  const { bytesRead, buffer } = await file.read(Buffer.alloc(largestBytes + 1), 0, largestBytes + 1, 0);
  if (info.size > largestBytes || bytesRead > largestBytes) return refused('is larger than 64 KB');
  try {
    return { type: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead)) };
  } catch (error) {
    if (error instanceof TypeError) return refused('is not UTF-8');
    throw error;
  }
}

function refused(message: string): ConfigFile {
  return { type: 'refused', message };
}

/** Dangling links, loops, files used as directories, and names no file system takes are all just not there. */
export async function realOrNull(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    const absent = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'];
    if (error instanceof Error && 'code' in error && absent.includes(String(error.code))) return null;
    throw error;
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}
