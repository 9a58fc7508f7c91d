import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../contract/errors.ts';
import type { IgnoreRules } from '../../contract/ignore-rules.ts';
import { nameOf } from './file-names.ts';

/** They are installed anew where the app is built, for the machine it is built on. */
const neverSent = new Set(['.git', 'node_modules']);

/** Relative paths of everything in a directory that is no work tree of Git, but for what is never sent. Links are not followed. */
export async function walkDirectory(root: string, rules: IgnoreRules, below = ''): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await entriesOf(join(root, below))) {
    const name = nameOf(entry.name);
    if (neverSent.has(name)) continue;
    const path = below === '' ? name : `${below}/${name}`;
    if (!entry.isDirectory()) paths.push(path);
    else if (rules.hasExceptions || !rules.ignores(path)) paths.push(...(await walkDirectory(root, rules, path)));
  }
  return paths;
}

async function entriesOf(path: string) {
  try {
    return await readdir(path, { withFileTypes: true, encoding: 'buffer' });
  } catch (cause) {
    throw new CutoverError('usage', `${path} cannot be read`, { cause });
  }
}
