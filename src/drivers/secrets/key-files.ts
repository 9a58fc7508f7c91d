import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';

export interface SecretKey {
  /** `k0001`, `k0002`, …: higher is newer. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Buffer;
}

const keyFile = /^(k\d{4,})\.key$/;

/** The keys of `dir`, oldest first. Errors: `internal` for a file that others may read, or that is no key. */
export async function readKeys(dir: string): Promise<readonly SecretKey[]> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const ids = await keyIds(dir);
  return Promise.all(ids.map(async (id) => ({ id, bytes: await readKey(join(dir, `${id}.key`)) })));
}

/** Adds a key that is newer than all there are; whole or not at all, and on the disk when this resolves. */
export async function createKey(dir: string): Promise<void> {
  const newest = (await keyIds(dir)).at(-1) ?? 'k0000';
  const id = `k${String(Number(newest.slice(1)) + 1).padStart(4, '0')}`;
  const temporary = join(dir, `.${randomBytes(8).toString('hex')}.new`);
  await writeDurably(temporary, `${randomBytes(32).toString('base64')}\n`);
  try {
    await link(temporary, join(dir, `${id}.key`));
  } catch (error) {
    // Another process was first with this number: its key serves as well.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dir);
}

async function keyIds(dir: string): Promise<readonly string[]> {
  const ids = (await readdir(dir)).flatMap((name) => keyFile.exec(name)?.[1] ?? []);
  return ids.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}

async function readKey(path: string): Promise<Buffer> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new CutoverError('internal', `The key ${path} can be read by others: chmod 600 it, and consider it known.`);
  }
  const bytes = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64');
  if (bytes.length !== 32) throw new CutoverError('internal', `${path} does not hold a key of 32 bytes.`);
  return bytes;
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(text);
  await file.sync();
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
