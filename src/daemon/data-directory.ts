import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Where the platform keeps what it makes. One place for the names. */
export interface DataDirectory {
  readonly root: string;
  readonly logs: string;
  readonly source: string;
  readonly router: string;
  readonly staticFiles: string;
  readonly keys: string;
  /** The first token, for the user who may read this file (0600). */
  readonly adminToken: string;
  /** What runs where: `RunningServer` as JSON. */
  readonly serverState: string;
  readonly serverLog: string;
  readonly platformId: string;
}

export function dataDirectory(root: string): DataDirectory {
  return {
    root,
    logs: join(root, 'logs'),
    source: join(root, 'source'),
    router: join(root, 'router'),
    staticFiles: join(root, 'static'),
    keys: join(root, 'keys'),
    adminToken: join(root, 'admin-token'),
    serverState: join(root, 'server.json'),
    serverLog: join(root, 'control-plane.log'),
    platformId: join(root, 'platform-id'),
  };
}

/** Makes the directory and gives this installation its name, which sets its containers apart from every other's. */
export async function openDataDirectory(
  root: string,
  chosenId: string | null,
): Promise<DataDirectory & { readonly id: string }> {
  const directory = dataDirectory(root);
  // Others may pass through: the database and the web server run as other users and have directories of their own inside.
  await mkdir(root, { recursive: true, mode: 0o755 });
  for (const path of [directory.logs, directory.source, directory.keys])
    await mkdir(path, { recursive: true, mode: 0o700 });
  const id = (await readIfExists(directory.platformId))?.trim() ?? chosenId ?? randomBytes(4).toString('hex');
  await writeAtomically(directory.platformId, `${id}\n`, 0o644);
  return { ...directory, id };
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

async function readIfExists(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
