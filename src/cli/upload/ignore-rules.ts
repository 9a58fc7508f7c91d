import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { CutoverError } from '../../contract/errors.ts';

export const ignoreFile = '.cutoverignore';

export interface IgnoreRules {
  ignores(path: string): boolean;
  /** Whether something below a directory that is ignored may be taken back in. */
  readonly hasExceptions: boolean;
}

/** What the directory's `.cutoverignore` leaves out, written as a `.dockerignore` is; nothing where there is none. */
export async function readIgnoreRules(dir: string): Promise<IgnoreRules> {
  const patterns = (await read(join(dir, ignoreFile))).replace(/^\uFEFF/, '').split(/\r?\n/);
  const rules = dockerignore.default().add(patterns);
  return {
    ignores: (path) => rules.ignores(path),
    hasExceptions: patterns.some((pattern) => pattern.trim().startsWith('!')),
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw new CutoverError('usage', `${path} cannot be read`, { cause });
  }
}
