import { open, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from '../git/run-git.ts';
import { draftsIn, hostedRepositoryPath, listHosted, repositoriesIn } from './repository-path.ts';

/** Whole repositories, from one platform to another. For when nobody pushes to where they are loaded. */
export interface RepositoryArchive {
  /** Ids of the projects that have one; none where there is no such directory. */
  list(): Promise<readonly string[]>;
  /** Everything that its branches and tags lead to when it is asked for, as Git's own bundle. Empty for one without any. */
  save(projectId: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** It is there whole or not at all. */
  load(projectId: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

const timeoutMs = 60 * 60_000;

/** Over the same directory as `createHostedRepositories`. */
export function createRepositoryArchive({ dir }: { readonly dir: string }): RepositoryArchive {
  const drafts = draftsIn(dir);
  const git = (path: string, args: readonly string[], signal: AbortSignal) => {
    return runGit({ args, environment: { ...offline(dir), GIT_DIR: path }, timeoutMs, signal });
  };
  return {
    list: () => listHosted(dir),
    async *save(projectId, signal) {
      const path = hostedRepositoryPath(dir, projectId);
      if ((await git(path, ['for-each-ref', '--count=1', 'refs/heads', 'refs/tags'], signal)) === '') return;
      await mkdir(drafts, { recursive: true, mode: 0o700 });
      const bundle = join(drafts, `${projectId}.${process.pid}.bundle`);
      try {
        await git(path, ['bundle', 'create', '--quiet', bundle, '--branches', '--tags'], signal);
        await using file = await open(bundle, 'r');
        yield* file.createReadStream({ autoClose: false });
      } finally {
        await rm(bundle, { force: true });
      }
    },
    async load(projectId, content, signal) {
      const path = hostedRepositoryPath(dir, projectId);
      await mkdir(repositoriesIn(dir), { recursive: true, mode: 0o700 });
      await mkdir(drafts, { recursive: true, mode: 0o700 });
      const bundle = join(drafts, `${projectId}.${process.pid}.bundle`);
      const draft = join(drafts, `${projectId}.${process.pid}.git`);
      try {
        await writeFile(bundle, content, { mode: 0o600, signal });
        await git(draft, ['init', '--quiet', '--bare', '--template=', draft], signal);
        if ((await stat(bundle)).size > 0)
          await git(
            draft,
            ['fetch', '--quiet', bundle, 'refs/heads/*:refs/heads/*', 'refs/tags/*:refs/tags/*'],
            signal,
          );
        await rename(draft, path);
      } finally {
        await rm(bundle, { force: true });
        await rm(draft, { recursive: true, force: true });
      }
    },
  };
}

/** No configuration of anybody's, not that of a control plane that serves meanwhile either; and no way to anything but files. */
function offline(dir: string): Readonly<Record<string, string>> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: dir,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'core.hooksPath',
    GIT_CONFIG_VALUE_0: '/dev/null',
    GIT_CONFIG_KEY_1: 'init.defaultBranch',
    GIT_CONFIG_VALUE_1: 'main',
    GIT_ALLOW_PROTOCOL: 'file',
    GIT_TERMINAL_PROMPT: '0',
  };
}
