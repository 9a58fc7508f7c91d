import { opendir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { failed } from './run-nixpacks.ts';

/**
 * Nixpacks follows links, and would read, and copy into an image, what they lead to. Throws `nixpacks_failed` for one below `app` that
 * ends outside of `root`; both are real paths.
 */
export async function refuseLinksOut(root: string, app: string, signal: AbortSignal): Promise<void> {
  for await (const entry of await opendir(app, { recursive: true })) {
    signal.throwIfAborted();
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = await realpath(path).catch(whereAbsent);
    const way = relative(root, target ?? root);
    if (way === '..' || way.startsWith(`..${sep}`))
      throw failed(`the link ${JSON.stringify(relative(root, path))} leads out of the checkout`);
  }
}

/** A link that leads nowhere leads to nothing that could be read. */
function whereAbsent(error: unknown): null {
  const absent = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'];
  if (error instanceof Error && 'code' in error && absent.includes(String(error.code))) return null;
  throw error;
}
