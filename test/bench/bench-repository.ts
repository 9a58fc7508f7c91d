import { readFile, readdir } from 'node:fs/promises';
import { startGitServer } from '../harness/git-server.ts';

export interface BenchRepository extends AsyncDisposable {
  /** `file://…` */
  readonly url: string;
  /** A new commit that changes one line of the app, so that there is something to build. */
  change(revision: number): Promise<string>;
}

/** The app that is made for the benchmarks. */
const benchApp = new URL('apps/bench-app/', import.meta.url);
export const helloNode = new URL('../../examples/hello-node/', import.meta.url);

/** A repository with the files of one directory, on this machine's disk. */
export async function createBenchRepository(directory: URL = benchApp): Promise<BenchRepository> {
  const server = await startGitServer();
  const repository = await server.createRepository('app');
  await repository.commit(await filesOf(directory));
  return {
    url: `file://${repository.path}`,
    change: (revision) => repository.commit({ 'revision.txt': `${revision}\n` }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Of one directory, by their names. */
export async function filesOf(directory: URL): Promise<Record<string, string>> {
  const names = await readdir(directory);
  const files = await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, directory), 'utf8')]));
  return Object.fromEntries(files) as Record<string, string>;
}
