import type { Allowance } from './limits.ts';
import { tooLarge } from './limits.ts';
import type { Mirror } from './mirror.ts';

/** What is said of a tree before any of it is written. Paths are relative to the work tree. */
export interface TreeListing {
  readonly submodules: readonly { readonly path: string; readonly commit: string }[];
  /** Plain files that may be pointers of Git LFS, by their size. */
  readonly smallFiles: readonly string[];
  readonly attributeFiles: readonly string[];
  /** `.gitmodules` is there, and a plain file. */
  readonly hasModules: boolean;
}

const longestPath = 4_000;
/** Of a pointer: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const pointerBytes = { min: 120, max: 1_024 };

/**
 * Walks the whole tree of a commit without writing anything, and stops as soon as it is more than is allowed: a tree that holds
 * itself many times over is small in a pack. Error: `repository_too_large`.
 */
export async function listTree(mirror: Mirror, commit: string, allowance: Allowance): Promise<TreeListing> {
  const found = { submodules: [] as { path: string; commit: string }[], smallFiles: [] as string[] };
  const attributeFiles: string[] = [];
  let hasModules = false;
  const entry = (record: string) => {
    const { mode, id, size, path } = parse(record);
    allowance.addEntry(size ?? 0);
    if (mode === '160000') found.submodules.push({ path, commit: id });
    if (size === null || !mode.startsWith('100')) return;
    if (path === '.gitmodules') hasModules = true;
    if (path === '.gitattributes' || path.endsWith('/.gitattributes')) attributeFiles.push(path);
    else if (size >= pointerBytes.min && size <= pointerBytes.max) found.smallFiles.push(path);
  };
  let rest = '';
  await mirror.stream(['ls-tree', '-r', '-t', '-l', '-z', '--full-tree', '--end-of-options', commit], (text) => {
    const records = (rest + text).split('\0');
    rest = records.pop() ?? '';
    for (const record of records) entry(record);
    if (rest.length > 2 * longestPath) throw tooLongPath();
  });
  return { ...found, attributeFiles, hasModules };
}

/** `<mode> <type> <id> <size>\t<path>`; the size of what is no file is `-`. */
function parse(record: string) {
  const tab = record.indexOf('\t');
  const [mode = '', , id = '', size = '-'] = record.slice(0, tab).split(/ +/);
  const path = record.slice(tab + 1);
  if (path.length > longestPath) throw tooLongPath();
  return { mode, id, size: size === '-' ? null : Number(size), path };
}

function tooLongPath() {
  return tooLarge(`A path of the repository is longer than ${longestPath} characters.`);
}
