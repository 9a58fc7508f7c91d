import { lstat, readlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { CutoverError } from '../../contract/errors.ts';
import { readGitWorkTree, type GitWorkTree, type Surroundings } from './git-work-tree.ts';
import { ignoreFile, readIgnoreRules } from './ignore-rules.ts';
import { walkDirectory } from './walk-directory.ts';

/** One file, or a symbolic link, which is sent as one. */
export interface WorkingFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly executable: boolean;
  readonly sizeBytes: number;
  /** Of a link: what it leads to; null: it is a file. */
  readonly target: string | null;
}

export interface WorkingDirectory {
  /** Absolute. */
  readonly path: string;
  readonly name: string;
  /** In an order that depends on their names only. */
  readonly files: readonly WorkingFile[];
  readonly sizeBytes: number;
  readonly commit: GitWorkTree['commit'];
}

/**
 * What of a directory is sent to be built: of a work tree of Git what Git tracks and what it would; of another everything but `node_modules`.
 * Never `.git`, nor what `.cutoverignore` names. Error: `usage`.
 */
export async function readWorkingDirectory(given: string, around: Surroundings): Promise<WorkingDirectory> {
  const path = resolve(given);
  if (!(await look(path))?.isDirectory()) throw new CutoverError('usage', `${given} is no directory that can be read`);
  const rules = await readIgnoreRules(path);
  const workTree = await readGitWorkTree(path, around);
  const listed = workTree?.paths ?? (await walkDirectory(path, rules));
  const files: WorkingFile[] = [];
  for (const name of listed.toSorted((a, b) => (a < b ? -1 : 1))) {
    around.signal.throwIfAborted();
    const file = rules.ignores(name) ? null : await readFile(path, name);
    if (file !== null) files.push(file);
  }
  if (files.length === 0)
    throw new CutoverError('usage', `there is nothing to send in ${given}${whyNothing(workTree)}`);
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return { path, name: basename(path) || 'directory', files, sizeBytes, commit: workTree?.commit ?? null };
}

function whyNothing(workTree: GitWorkTree | null): string {
  return workTree === null ? '' : `: Git ignores everything in it, or ${ignoreFile} does`;
}

/** null: it is gone, or nothing that can be sent (a socket, a pipe, a submodule that is not here). */
async function readFile(root: string, path: string): Promise<WorkingFile | null> {
  const found = await look(join(root, path));
  if (found === null) return null;
  if (found.isSymbolicLink())
    return { path, executable: false, sizeBytes: 0, target: await readlink(join(root, path)) };
  if (!found.isFile()) return null;
  return { path, executable: (found.mode & 0o111) !== 0, sizeBytes: found.size, target: null };
}

async function look(path: string) {
  try {
    return await lstat(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return null;
    throw new CutoverError('usage', `${path} cannot be read`, { cause });
  }
}
