import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CutoverError } from '../domain/errors.ts';

/** Where the platform keeps what it makes. One place for the names. */
export interface DataDirectory {
  readonly root: string;
  readonly logs: string;
  readonly source: string;
  readonly router: string;
  readonly staticFiles: string;
  readonly uploads: string;
  readonly keys: string;
  /** Repositories that the platform keeps itself. */
  readonly git: string;
  /** The first token, for the user who may read this file (0600). */
  readonly adminToken: string;
  /** What runs where: `RunningServer` as JSON. */
  readonly serverState: string;
  readonly serverLog: string;
  /** At which the control plane answers whoever comes through the router. */
  readonly publicSocket: string;
  /** Locked by the control plane for as long as it lives. */
  readonly serverLock: string;
  readonly platformId: string;
  /** There while a backup is restored, and after that only where it did not come to its end. */
  readonly restoreMark: string;
}

export function dataDirectory(root: string): DataDirectory {
  return {
    root,
    logs: join(root, 'logs'),
    source: join(root, 'source'),
    router: join(root, 'router'),
    staticFiles: join(root, 'static'),
    uploads: join(root, 'uploads'),
    keys: join(root, 'keys'),
    git: join(root, 'git'),
    adminToken: join(root, 'admin-token'),
    serverState: join(root, 'server.json'),
    serverLog: join(root, 'control-plane.log'),
    publicSocket: join(root, 'public.sock'),
    serverLock: join(root, 'control-plane.lock'),
    platformId: join(root, 'platform-id'),
    restoreMark: join(root, 'restore-incomplete'),
  };
}

/** Makes the directory and gives this installation its name, which sets its containers apart from every other's. */
export async function openDataDirectory(
  root: string,
  chosenId: string | null,
): Promise<DataDirectory & { readonly id: string }> {
  const directory = dataDirectory(root);
  await mkdir(root, { recursive: true, mode: 0o755 });
  await letOthersThrough(root);
  for (const path of [directory.logs, directory.source, directory.keys, directory.git])
    await mkdir(path, { recursive: true, mode: 0o700 });
  const id = await readOrClaim(directory.platformId, chosenId ?? randomBytes(4).toString('hex'));
  return { ...directory, id };
}

/** Its name; null where none was ever opened. */
export async function readPlatformId({ platformId }: DataDirectory): Promise<string | null> {
  return (await readIfExists(platformId))?.trim() ?? null;
}

/** Half of a platform must not start: it would take for gone what has only not come yet. Error: `restore_incomplete`. */
export async function refuseHalfRestored({ root, restoreMark }: DataDirectory): Promise<void> {
  const mark = await readIfExists(restoreMark);
  if (mark !== null) throw new CutoverError('restore_incomplete', `${root} is half restored: ${mark.trim()}`);
}

/** For root, whose database and web server run as other users and have directories of their own inside. */
async function letOthersThrough(root: string): Promise<void> {
  const { mode } = await stat(root);
  if (process.getuid?.() === 0 && (mode & 0o001) === 0) await chmod(root, (mode & 0o7777) | 0o001);
}

/** What the file says; where there is none, it says `text` from now on. Of several at the same time one wins, for all of them. */
async function readOrClaim(path: string, text: string): Promise<string> {
  const found = await readIfExists(path);
  if (found !== null) return found.trim();
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  await writeFile(draft, `${text}\n`, { mode: 0o644 });
  try {
    await link(draft, path);
    return text;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return readOrClaim(path, text);
  } finally {
    await rm(draft);
  }
}

const runningServerSchema = z.object({
  pid: z.int(),
  apiPort: z.int(),
  routerPort: z.int(),
  startedAt: z.string(),
});
export type RunningServer = z.output<typeof runningServerSchema>;

export async function readServerState(directory: DataDirectory): Promise<RunningServer | null> {
  const text = await readIfExists(directory.serverState);
  return text === null ? null : runningServerSchema.parse(JSON.parse(text));
}

/** Error: the file's own, where this user may not read it. */
export async function readAdminToken(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}

/** The file has either its old content or the new one, also after a crash. */
export async function writeAtomically(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content, { mode });
  await rename(temporary, path);
}

/** What `writeAtomically` left where it was killed; for whoever holds the directory's lock. */
export async function removeDrafts({ root }: Pick<DataDirectory, 'root'>): Promise<void> {
  const drafts = (await readdir(root)).filter((name) => /\.\d{1,7}\.tmp$/.test(name));
  await Promise.all(drafts.map((name) => rm(join(root, name), { force: true })));
}

async function readIfExists(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
