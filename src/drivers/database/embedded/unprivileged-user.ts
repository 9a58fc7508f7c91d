import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';

/** Who PostgreSQL runs as. It refuses uid 0, and a uid without an entry in /etc/passwd. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

const preferredUsers = ['cutover', 'nobody'];

/**
 * As ourselves, unless we are root: then as the owner of the data directory if there is one (a cluster keeps its user), else
 * as `wanted`, else as the system user `cutover`, else as `nobody`.
 */
export async function chooseUser(dataDirectory: string, wanted: string | null): Promise<RunAs> {
  const uid = process.getuid?.() ?? -1;
  const users = await readUsers();
  if (uid !== 0) return find(users, (user) => user.uid === uid, `uid ${uid}`);
  const owner = await ownerOf(dataDirectory);
  if (owner !== null && owner !== 0) return find(users, (user) => user.uid === owner, `uid ${owner}`);
  if (wanted !== null) return find(users, (user) => user.name === wanted && user.uid !== 0, `"${wanted}"`);
  const names = preferredUsers.filter((name) => users.some((user) => user.name === name));
  return find(users, (user) => user.name === names[0], preferredUsers.join(' or '));
}

/** True where `user` can pass through every directory on the way to `path` (permission bits only). */
export async function canReach(user: RunAs, path: string): Promise<boolean> {
  return (await obstacle(user, path)) === null;
}

/** The first directory on the way to `path` that `user` cannot pass through. */
export async function obstacle(user: RunAs, path: string): Promise<string | null> {
  const parent = dirname(path);
  if (parent === path) return null;
  const above = await obstacle(user, parent);
  if (above !== null) return above;
  const { uid, gid, mode } = await stat(parent);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & 1) === 1 ? null : parent;
}

async function ownerOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).uid;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function readUsers(): Promise<readonly RunAs[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name !== undefined && uid !== undefined && gid !== undefined
      ? [{ name, uid: Number(uid), gid: Number(gid) }]
      : [];
  });
}

function find(users: readonly RunAs[], matches: (user: RunAs) => boolean, described: string): RunAs {
  const user = users.find(matches);
  if (user !== undefined) return user;
  throw new CutoverError(
    'database_unavailable',
    `the embedded PostgreSQL needs a system user other than root, and /etc/passwd has no ${described}`,
  );
}
