import type { PushedCommits } from '../../../engine/ports/git-repositories.ts';
import type { HostedRepository } from './hosted-repository.ts';

/** Of more than so many it is not told which. */
const mostPaths = 10_000;

/** What a push brought, read from the repository. `before` null: the branch is new, and nobody can tell what has changed. */
export async function readPushedCommits(
  repository: HostedRepository,
  before: string | null,
  commit: string,
): Promise<PushedCommits> {
  const format = '--format=%an%x00%ae%x00%B';
  const shown = await repository.git(['log', '--no-walk', '--encoding=UTF-8', format, '--end-of-options', commit]);
  const [name = '', email = '', message = ''] = shown.split('\0', 3);
  const changedPaths = before === null ? null : await readChangedPaths(repository, before, commit);
  return { message: message.trimEnd(), author: { name, email: email === '' ? null : email }, changedPaths };
}

/** Between the two trees: what was changed and changed back has not changed. */
async function readChangedPaths(
  repository: HostedRepository,
  before: string,
  commit: string,
): Promise<readonly string[] | null> {
  if (!(await repository.has(before))) return null;
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--end-of-options', before, commit];
  const paths = (await repository.git(args)).split('\0').filter((path) => path !== '');
  return paths.length > mostPaths ? null : paths;
}
