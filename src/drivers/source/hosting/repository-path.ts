import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';

const ending = '.git';

export function repositoriesIn(dir: string): string {
  return join(dir, 'repositories');
}

/** Where whole repositories are written and read; names end with the id of the process and a kind. */
export function draftsIn(dir: string): string {
  return join(dir, 'drafts');
}

/** Where the repository of a project is: also for whoever reads it to build from it. Error: `invalid_input`. */
export function hostedRepositoryPath(dir: string, projectId: string): string {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(projectId))
    throw new CutoverError('invalid_input', `${JSON.stringify(projectId)} is not the id of a project`);
  return join(repositoriesIn(dir), `${projectId}${ending}`);
}

/** Ids of the projects that have one; none where there is no such directory. */
export async function listHosted(dir: string): Promise<readonly string[]> {
  try {
    const names = await readdir(repositoriesIn(dir));
    return names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
