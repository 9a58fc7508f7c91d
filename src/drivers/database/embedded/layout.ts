import { chmod, chown, mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import { chooseUser, obstacle, type RunAs } from './unprivileged-user.ts';

/** Where the cluster lives: everything is under `<dataDir>/postgres`. */
export interface Layout {
  readonly root: string;
  /** PostgreSQL's data directory. */
  readonly data: string;
  /** Holds the socket; 0700, so that only the cluster's user and root can connect. */
  readonly socket: string;
  readonly log: string;
  readonly user: RunAs;
}

/** A socket's path has at most 107 bytes, and its name takes 17 of them. */
const longestSocketDirectory = 90;

/**
 * Makes the directories and gives them to the user PostgreSQL is to run as. Where `dataDir` itself bars the way for that user it
 * is made passable (not readable) for others; a bar above it is the operator's to remove.
 */
export async function prepareLayout(dataDir: string, wantedUser: string | null): Promise<Layout> {
  await mkdir(dataDir, { recursive: true });
  const root = join(await realpath(dataDir), 'postgres');
  const data = join(root, 'data');
  const user = await chooseUser(data, wantedUser);
  const layout: Layout = { root, data, socket: join(root, 'run'), log: join(root, 'postgres.log'), user };
  refuseLongSocket(layout.socket);
  await mkdir(root, { recursive: true });
  await makePassable(root, user);
  await mkdir(layout.socket, { recursive: true, mode: 0o700 });
  await give(layout.socket, user);
  return layout;
}

/** An empty directory only that user (and root) may enter. */
export async function give(directory: string, user: RunAs): Promise<void> {
  await chmod(directory, 0o700);
  if (process.getuid?.() === 0) await chown(directory, user.uid, user.gid);
}

async function makePassable(root: string, user: RunAs): Promise<void> {
  const ours = [join(root, '..'), root];
  for (const directory of ours) {
    const barred = await obstacle(user, join(directory, 'x'));
    if (barred === null) continue;
    if (barred !== directory) {
      throw new CutoverError(
        'database_unavailable',
        `PostgreSQL runs as ${user.name}, who cannot pass through ${barred}: choose a data directory elsewhere, as /var/lib/cutover`,
      );
    }
    const { mode } = await stat(directory);
    await chmod(directory, (mode & 0o7777) | 0o001);
  }
}

function refuseLongSocket(directory: string): void {
  if (Buffer.byteLength(directory) <= longestSocketDirectory) return;
  throw new CutoverError(
    'database_unavailable',
    `the path ${directory} is too long for a Unix socket: choose a data directory with a shorter path`,
  );
}
