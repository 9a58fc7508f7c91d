import { createHash } from 'node:crypto';
import type { Mirror } from './mirror.ts';

/** Files and directories. An app with more is known by the whole tree: looking through it would take longer than it saves. */
const mostEntries = 50_000;
const longestRecord = 8_000;

/**
 * What stands below a directory and, file by file, directly in those above it, as one id. null where a link, or what may not be looked through
 * in a moment, could make other files part of it. `path` has no slash at either end and is not ''.
 */
export async function readAppTreeId(mirror: Mirror, commit: string, path: string): Promise<string | null> {
  const digest = createHash('sha1');
  const ofDirectory = await take(mirror, ['-r', '-t', '--end-of-options', commit, '--', path], (record) => {
    // Directories are listed to be counted, those above as well; what is in them says what they are.
    if (!record.startsWith('040000 ')) digest.update(`${record}\0`);
    return !record.startsWith('120000 ');
  });
  if (!ofDirectory) return null;
  const parts = path.split('/');
  for (const above of parts.map((_, depth) => parts.slice(0, depth).join('/'))) {
    const place = above === '' ? [] : ['--', `${above}/`];
    const isPlain = await take(mirror, ['--end-of-options', commit, ...place], (record) => {
      if (record.startsWith('100')) digest.update(`${record}\0`);
      return !record.startsWith('120000 ');
    });
    if (!isPlain) return null;
  }
  return digest.digest('hex');
}

/** False where `each` wants no more, or where there is too much. */
async function take(mirror: Mirror, args: readonly string[], each: (record: string) => boolean): Promise<boolean> {
  const enough = new Error('enough');
  let rest = '';
  let entries = 0;
  try {
    await mirror.stream(['ls-tree', '-z', '--full-tree', ...args], (text) => {
      const records = (rest + text).split('\0');
      rest = records.pop() ?? '';
      entries += records.length;
      if (entries > mostEntries || rest.length > longestRecord || !records.every(each)) throw enough;
    });
    return true;
  } catch (error) {
    if (error === enough) return false;
    throw error;
  }
}
