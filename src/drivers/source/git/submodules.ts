import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { Mirror } from './mirror.ts';
import type { TreeListing } from './tree-listing.ts';

export interface Submodule {
  /** In the work tree. */
  readonly path: string;
  /** As `.gitmodules` gives it, made absolute. Nothing of it has been checked. */
  readonly url: string;
  readonly commit: string;
}

/** The submodules that a tree records, with where `.gitmodules` says they are. Error: `repository_refused`. */
export async function readSubmodules(
  mirror: Mirror,
  commit: string,
  { submodules, hasModules }: TreeListing,
): Promise<readonly Submodule[]> {
  if (submodules.length === 0) return [];
  const urls = hasModules ? await urlsByPath(mirror, commit) : new Map<string, string>();
  return submodules.map(({ path, commit: recorded }) => {
    const url = urls.get(path);
    if (url === undefined) throw refused(path, 'the file `.gitmodules` does not say where it is');
    return { path, url: absoluteUrl(path, url, mirror.url), commit: recorded };
  });
}

async function urlsByPath(mirror: Mirror, commit: string): Promise<ReadonlyMap<string, string>> {
  const listed = await mirror.git(['config', '--blob', `${commit}:.gitmodules`, '--no-includes', '-z', '--list']);
  const byName = new Map<string, Record<string, string>>();
  for (const entry of listed.split('\0')) {
    const end = entry.indexOf('\n');
    const [, name, key] = /^submodule\.(.*)\.([a-z]+)$/is.exec(entry.slice(0, end)) ?? [];
    if (name === undefined || key === undefined) continue;
    byName.set(name, { ...byName.get(name), [key]: entry.slice(end + 1) });
  }
  const pairs = [...byName.values()].flatMap(({ path, url }) =>
    path === undefined || url === undefined ? [] : [[path.replace(/\/+$/, ''), url] as const],
  );
  return new Map(pairs);
}

/** As Git does it: `../` takes away the last part of the parent's address. It never leads to another server. */
function absoluteUrl(path: string, url: string, parent: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  let base = parent.replace(/\/+$/, '');
  let rest = url;
  for (let step = /^(\.\.?)\//.exec(rest); step !== null; step = /^(\.\.?)\//.exec(rest)) {
    rest = rest.slice(step[0].length);
    if (step[1] === '..')
      base = withoutLastPart(base) ?? refuse(path, `its address ${JSON.stringify(url)} leads nowhere`);
  }
  return `${base}${base.endsWith(':') ? '' : '/'}${rest}`;
}

/** null: it would take away the host. */
function withoutLastPart(base: string): string | null {
  const start = base.includes('://') ? base.indexOf('/', base.indexOf('://') + 3) : base.indexOf(':');
  const slash = base.lastIndexOf('/');
  if (start < 0 || base.length <= start + 1) return null;
  if (slash > start) return base.slice(0, slash);
  return base.slice(0, base.includes('://') ? start : start + 1);
}

/**
 * Where the files of a submodule go: the directory that Git made for it, and no link to another one. Error: `repository_refused`.
 */
export async function placeOf(workTree: string, path: string): Promise<string> {
  const place = join(workTree, path);
  const isThere = await lstat(place).then(
    (info) => info.isDirectory(),
    () => false,
  );
  const root = await realpath(workTree);
  if (!isThere || (await realpath(place)) !== join(root, path)) throw refused(path, 'its directory is no directory');
  return place;
}

/** The error as one of this submodule. */
export function ofSubmodule(path: string, error: unknown): unknown {
  if (!(error instanceof CutoverError)) return error;
  return new CutoverError(error.code, `submodule ${JSON.stringify(path)}: ${error.message}`, { cause: error });
}

function refused(path: string, message: string): CutoverError {
  return new CutoverError('repository_refused', `submodule ${JSON.stringify(path)}: ${message}.`);
}

function refuse(path: string, message: string): never {
  throw refused(path, message);
}
