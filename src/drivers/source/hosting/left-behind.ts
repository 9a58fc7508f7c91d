import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { draftsIn, repositoriesIn } from './repository-path.ts';

/** Where Git keeps what is pushed until it has looked at all of it. */
const quarantine = 'tmp_objdir-';

/**
 * What a control plane that was killed has left: repositories that it was making, and pushes that were coming in. Before anybody pushes: a
 * `receive-pack` that outlived it keeps nothing any more. And what a backup or restore that was killed was writing.
 */
export async function removeLeftBehind(dir: string): Promise<void> {
  const repositories = repositoriesIn(dir);
  for (const name of await readdir(repositories)) {
    const path = join(repositories, name);
    if (name.endsWith('.tmp')) await removeTree(path);
    else await removeQuarantines(path);
  }
  const drafts = draftsIn(dir);
  for (const name of await entriesOf(drafts)) if (!isWritten(name)) await removeTree(join(drafts, name));
}

/** By a process that is still there: its id is in the name. */
function isWritten(draft: string): boolean {
  const pid = Number(/\.(\d+)\.[a-z]+$/.exec(draft)?.[1]);
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process: it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** While nothing comes in. */
export async function removeQuarantines(repository: string): Promise<void> {
  const objects = join(repository, 'objects');
  for (const name of await entriesOf(objects)) if (name.startsWith(quarantine)) await removeTree(join(objects, name));
}

function removeTree(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** None where the repository is gone, or is none. */
async function entriesOf(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((error: unknown) => {
    const none = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    if (none) return [];
    throw error;
  });
}
