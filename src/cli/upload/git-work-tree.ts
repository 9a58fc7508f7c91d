import { spawn } from 'node:child_process';
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { CutoverError } from '../../contract/errors.ts';
import type { Terminal } from '../terminal.ts';
import { nameOf } from './file-names.ts';

export type Surroundings = Pick<Terminal, 'env' | 'signal'>;

/** What Git says of a directory that is, or is in, a work tree of its own or of one above it. */
export interface GitWorkTree {
  /** Relative paths of what it tracks, and of what it would: everything that is not ignored. Some may not be there any more. */
  readonly paths: readonly string[];
  /** null: there is no commit yet. `dirty`: something in the directory is not as it is in the commit. */
  readonly commit: { readonly sha: string; readonly dirty: boolean } | null;
}

/** null: it is no work tree. Error: `usage` where Git is needed and cannot say. */
export async function readGitWorkTree(dir: string, around: Surroundings): Promise<GitWorkTree | null> {
  if (!(await isWorkTree(dir, around))) return null;
  const paths = await listFiles(dir, '', around);
  const head = await git(dir, ['rev-parse', '--quiet', '--verify', '--end-of-options', 'HEAD^{commit}'], around);
  if (head.code !== 0) return { paths, commit: null };
  const status = await must(dir, ['status', '--porcelain', '-z', '--', '.'], around);
  return { paths, commit: { sha: head.output.toString().trim(), dirty: status.length > 0 } };
}

async function isWorkTree(dir: string, around: Surroundings): Promise<boolean> {
  if (!(await isBelowRepository(dir))) return false;
  const { code, output, problem } = await git(dir, ['rev-parse', '--is-inside-work-tree'], around);
  if (code === 0) return output.toString().trim() === 'true';
  // Without Git nobody knows what is ignored, and what is ignored may be a secret.
  throw new CutoverError('usage', `git cannot read the work tree of ${dir}: ${problem}`);
}

/** So that a machine without Git can send what has nothing to do with it. */
async function isBelowRepository(dir: string): Promise<boolean> {
  if (await exists(join(dir, '.git'))) return true;
  const above = dirname(dir);
  return above !== dir && isBelowRepository(above);
}

/** With those of the repositories in it. */
async function listFiles(root: string, below: string, around: Surroundings): Promise<string[]> {
  const output = await must(join(root, below), ['ls-files', '-co', '--exclude-standard', '-z', '--'], around);
  const found = new Set<string>();
  for (const name of namesOf(output)) {
    const path = below === '' ? name : `${below}/${name}`;
    if ((await isDirectory(join(root, path))) && (await exists(join(root, path, '.git')))) {
      for (const inside of await listFiles(root, path, around)) found.add(inside);
    } else found.add(path);
  }
  return [...found];
}

/** A repository in a work tree has a slash at its end where it is no submodule. */
function namesOf(output: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(0, at);
    names.push(nameOf(output.subarray(at, end)).replace(/\/$/, ''));
    at = end + 1;
  }
  return names;
}

/** A link to one is none: what it leads to is not looked into. */
async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function must(dir: string, args: readonly string[], around: Surroundings): Promise<Buffer> {
  const { code, output, problem } = await git(dir, args, around);
  if (code === 0) return output;
  throw new CutoverError('usage', `git ${args[0]} failed in ${dir}: ${problem}`);
}

interface GitAnswer {
  readonly code: number;
  readonly output: Buffer;
  /** For people, one line. */
  readonly problem: string;
}

/** Of the shell that this runs in, such as a hook's: they would name another repository. */
const foreign = /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES)$/;

/** It changes nothing, and starts nothing that the repository names. */
const settings = ['--no-optional-locks', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];
const timeoutMs = 120_000;

async function git(cwd: string, args: readonly string[], { env, signal }: Surroundings): Promise<GitAnswer> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
  const child = spawn('git', [...settings, ...args], {
    cwd,
    env: { ...own, LC_ALL: 'C' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.withResolvers<number>();
  child.once('error', (error) => ended.reject(error));
  child.once('close', (code) => ended.resolve(code ?? 1));
  try {
    const [code, output, problem] = await Promise.all([ended.promise, buffer(child.stdout), text(child.stderr)]);
    return { code, output, problem: problem.trim().split('\n', 1)[0] ?? '' };
  } catch (cause) {
    signal.throwIfAborted();
    return { code: -1, output: Buffer.alloc(0), problem: `git could not be run (${String(cause)})` };
  }
}
