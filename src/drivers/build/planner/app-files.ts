import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';

/** Larger manifests and configurations are not read: nothing the planner looks for is near this size. */
const largestTextBytes = 4 * 1024 * 1024;

/**
 * What the planner may see: the app directory of a checkout. Names are relative to it. Symbolic links are followed only where
 * they end inside the checkout; a link that leads out counts as absent.
 */
export interface AppFiles {
  /** Names directly in the app directory, sorted. */
  readonly names: readonly string[];
  isFile(name: string): Promise<boolean>;
  isDirectory(name: string): Promise<boolean>;
  /** null when there is no such file inside the checkout. */
  read(name: string): Promise<string | null>;
  /** Names directly in a directory of the app, sorted; none when there is no such directory inside the checkout. */
  list(name: string): Promise<readonly string[]>;
}

/** The directories of one checkout. */
export interface Checkout {
  /** Path relative to the checkout. Errors: `directory_not_found`. */
  open(directory: string): Promise<AppFiles>;
}

export function openCheckout(checkoutPath: string): Checkout {
  return { open: (directory) => openAppFiles(checkoutPath, directory) };
}

/** Errors: `directory_not_found` when the directory does not exist or lies outside the checkout. */
async function openAppFiles(checkoutPath: string, directory: string): Promise<AppFiles> {
  const root = await realpath(checkoutPath);
  const app = await resolveInside(root, join(root, directory));
  if (app === null || !(await stat(app)).isDirectory()) {
    throw new CutoverError('directory_not_found', `there is no directory \`${directory}\` in the repository`);
  }
  const resolve = (name: string) => resolveInside(root, join(app, name));
  const isFile = async (name: string) => {
    const path = await resolve(name);
    return path !== null && (await stat(path)).isFile();
  };
  return {
    names: (await readdir(app)).toSorted(),
    isFile,
    async isDirectory(name) {
      const path = await resolve(name);
      return path !== null && (await stat(path)).isDirectory();
    },
    async read(name) {
      const path = await resolve(name);
      if (path === null) return null;
      const info = await stat(path);
      return info.isFile() && info.size <= largestTextBytes ? readFile(path, 'utf8') : null;
    },
    async list(name) {
      const path = await resolve(name);
      if (path === null || !(await stat(path)).isDirectory()) return [];
      return (await readdir(path)).toSorted();
    },
  };
}

async function resolveInside(root: string, path: string): Promise<string | null> {
  if (!isInside(root, path)) return null;
  try {
    const real = await realpath(path);
    return isInside(root, real) ? real : null;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

/** Dangling links, loops, files used as directories, and names no file system takes are all just not there. */
function isAbsence(error: unknown): boolean {
  const absent = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'];
  return error instanceof Error && 'code' in error && absent.includes(String(error.code));
}
