import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { createGitSource, type GitSourceOptions } from '../../src/drivers/source/git/git-source.ts';
import type { RepositoryCredential } from '../../src/domain/repository-credential.ts';
import type { CheckoutRequest, Repository } from '../../src/engine/ports/source.ts';
import { startGitServer } from './git-server.ts';

/** A repository as a project reads it. */
export function plain(url: string, credential: RepositoryCredential | null = null, project = 'p1'): Repository {
  return { url, project, credential };
}

/** A work tree of what is in the repository itself. */
export function treeOf(url: string, commit: string, owner: string): CheckoutRequest {
  return { repository: plain(url), commit, owner, submodules: false, lfs: false };
}

/** A directory of the test's own. */
export async function temporary() {
  const path = await mkdtemp(join(tmpdir(), 'cutover-test-source-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export function sourceAt(dir: string, options: Partial<GitSourceOptions> = {}) {
  return createGitSource({ dir, allowedProtocols: ['http', 'https', 'ssh'], log: { warn: () => {} }, ...options });
}

/** A server with an empty repository `app`, and a source that may use it. */
export async function setUp(options: Partial<GitSourceOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startGitServer());
  const dir = stack.use(await temporary()).path;
  const repository = await server.createRepository('app');
  const warnings: object[] = [];
  const source = await sourceAt(dir, { log: { warn: (details) => warnings.push(details) }, ...options });
  const owned = stack.move();
  return { server, dir, repository, source, warnings, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** For `assert.rejects`: the error has this code, and its message matches. */
export function failsWith(code: ErrorCode, message?: RegExp) {
  return (error: unknown) => {
    assert.equal((error as { code?: string }).code, code, String(error));
    if (message !== undefined) assert.match((error as Error).message, message);
    return true;
  };
}
