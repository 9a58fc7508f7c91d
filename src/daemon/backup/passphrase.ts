import { readFile } from 'node:fs/promises';
import { CutoverError } from '../../domain/errors.ts';

/** The first line of the file; null where none is named. Error: `usage`. */
export async function readPassphrase(file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  const [line = ''] = (await readText(file)).split(/\r?\n/);
  if (line === '')
    throw new CutoverError('usage', `the first line of ${file}, which is to be the passphrase, is empty`);
  return line;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CutoverError('usage', `the file of the passphrase cannot be read: ${why}`, { cause });
  }
}
