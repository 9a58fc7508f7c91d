import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../contract/errors.ts';
import { readIgnoreFile, type IgnoreRules } from '../../contract/ignore-rules.ts';

export const ignoreFile = '.cutoverignore';

/** What the directory's `.cutoverignore` leaves out, written as a `.dockerignore` is; nothing where there is none. Error: `usage`. */
export async function readIgnoreRules(dir: string): Promise<IgnoreRules> {
  const path = join(dir, ignoreFile);
  return readIgnoreFile({ name: path, text: await read(path), refusal: 'usage' });
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw new CutoverError('usage', `${path} cannot be read`, { cause });
  }
}
