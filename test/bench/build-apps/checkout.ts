import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFiles } from '../../harness/sample-apps.ts';
import { greeting, type BenchApp } from './bench-app.ts';
import { addLockFile } from './lock-file.ts';

/** The files of an app, with their lock file, in a directory of their own. */
export interface Checkout extends AsyncDisposable {
  readonly path: string;
  /** Changes the one line that says the greeting. */
  say(text: string): Promise<void>;
}

export async function checkOut(app: BenchApp): Promise<Checkout> {
  const path = await mkdtemp(join(tmpdir(), 'cutover-bench-app-'));
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    await writeFiles(path, app.files);
    await app.prepare?.(path);
    if (app.lockedBy !== null) await addLockFile(path, app.files, app.lockedBy);
  } catch (error) {
    await remove();
    throw error;
  }
  const source = join(path, app.source);
  const text = await readFile(source, 'utf8');
  if (!text.includes(greeting)) throw new Error(`${app.source} does not hold the line that is to be changed`);
  return {
    path,
    say: (words) => writeFile(source, text.replace(greeting, words)),
    [Symbol.asyncDispose]: remove,
  };
}
