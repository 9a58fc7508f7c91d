import { readFile, readdir } from 'node:fs/promises';
import { startGitServer } from '../harness/git-server.ts';

export interface BenchRepository extends AsyncDisposable {
  /** `file://…` */
  readonly url: string;
  /** A new commit that changes one line of the app, so that there is something to build. */
  change(revision: number): Promise<string>;
}

/** A repository with the app of `test/bench/apps/bench-app`, on this machine's disk. */
export async function createBenchRepository(): Promise<BenchRepository> {
  const server = await startGitServer();
  const repository = await server.createRepository('bench-app');
  await repository.commit(await appFiles());
  return {
    url: `file://${repository.path}`,
    change: (revision) => repository.commit({ 'revision.txt': `${revision}\n` }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function appFiles(): Promise<Record<string, string>> {
  const directory = new URL('apps/bench-app/', import.meta.url);
  const names = await readdir(directory);
  const files = await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, directory), 'utf8')]));
  return Object.fromEntries(files) as Record<string, string>;
}
