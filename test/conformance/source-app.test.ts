import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { CutoverError } from '../../src/domain/errors.ts';
import { defaultTokenUser } from '../../src/domain/repository-credential.ts';
import type { Repository } from '../../src/engine/ports/source.ts';
import { startGitServer } from '../harness/git-server.ts';
import { failsWith, plain, sourceAt, temporary, treeOf } from '../harness/git-server-source.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const silent = () => {};

function byApp(url: string, host = new URL(url).origin): Repository {
  return { ...plain(url), credential: { kind: 'github-app', host, repository: url } };
}

describe('a private repository that the GitHub App may read', () => {
  test('is read by a token that is got for each fetch anew, and is in no argument, file, line or error', async () => {
    await using server = await startGitServer();
    await using dir = await temporary();
    const repository = await server.createRepository('app');
    await repository.commit({ 'a.txt': '1' });
    const asked: string[] = [];
    const tokens = ['ghs_1111111111111111', 'ghs_2222222222222222'];
    const spellings = new RegExp(
      tokens.flatMap((one) => [one, Buffer.from(`${defaultTokenUser}:${one}`).toString('base64')]).join('|'),
    );
    const appToken = async (address: string) => {
      const token = tokens[asked.push(address) - 1] ?? '';
      server.demand({ user: defaultTokenUser, password: token });
      return token;
    };
    const source = await sourceAt(dir.path, { appToken });
    const lines: string[] = [];
    const said = (line: string) => void lines.push(line);
    const address = byApp(repository.url);
    const first = await source.fetch({ repository: address, branch: 'main', commit: null }, said, never);
    const newer = await repository.commit({ 'a.txt': '2' });
    const second = await source.fetch({ repository: address, branch: 'main', commit: null }, said, never);
    assert.notEqual(first.sha, second.sha);
    assert.equal(second.sha, newer);
    assert.deepEqual(asked, [repository.url, repository.url]);
    await source.checkout({ ...treeOf(repository.url, newer, 'd1'), repository: address }, said, never);
    assert.equal((await source.expected({ repository: address, branch: 'main', commit: null }))?.sha, newer);
    assert.doesNotMatch(lines.join('\n'), spellings);
    await assert.rejects(run('grep', ['-rlE', spellings.source, dir.path]), { code: 1 });
  });

  test('lets nobody read another repository by it, as a submodule would', async () => {
    await using server = await startGitServer({ credentials: { user: defaultTokenUser, password: 'ghs_3' } });
    await using dir = await temporary();
    const repository = await server.createRepository('app');
    const secret = await server.createRepository('secret');
    await secret.commit({ 'a.txt': '1' });
    const asked: string[] = [];
    const appToken = async (address: string) => {
      asked.push(address);
      return 'ghs_3';
    };
    const source = await sourceAt(dir.path, { appToken });
    const other = { ...byApp(repository.url), url: secret.url };
    const fetched = source.fetch({ repository: other, branch: 'main', commit: null }, silent, never);
    await assert.rejects(fetched, failsWith('repository_needs_credentials'));
    assert.deepEqual(asked, []);
  });

  test('is read by no other project, nor from another server than the App is for', async () => {
    await using server = await startGitServer({ credentials: { user: defaultTokenUser, password: 'ghs_3' } });
    await using dir = await temporary();
    const repository = await server.createRepository('app');
    const commit = await repository.commit({ 'a.txt': '1' });
    const source = await sourceAt(dir.path, { appToken: async () => 'ghs_3' });
    const fetch = (one: Repository) => source.fetch({ repository: one, branch: 'main', commit }, silent, never);
    await fetch(byApp(repository.url));
    await assert.rejects(fetch(plain(repository.url, null, 'p2')), failsWith('repository_needs_credentials'));
    await assert.rejects(
      fetch(byApp(repository.url, 'https://github.example')),
      failsWith('repository_needs_credentials'),
    );
  });

  test('is read without any where the App may not, and where GitHub gives no token; what asks for one then says why', async () => {
    await using server = await startGitServer();
    await using dir = await temporary();
    const repository = await server.createRepository('app');
    const answers: (CutoverError | null)[] = [
      null,
      new CutoverError('provider_unavailable', 'GitHub: 502'),
      new CutoverError('provider_refused', 'GitHub: 403'),
    ];
    let answer: CutoverError | null = null;
    const appToken = async () => (answer === null ? null : Promise.reject(answer));
    const source = await sourceAt(dir.path, { appToken });
    const request = { repository: byApp(repository.url), branch: 'main', commit: null };
    for (answer of answers) {
      server.demand(null);
      const commit = await repository.commit({ 'a.txt': String(answer) });
      assert.equal((await source.fetch(request, silent, never)).sha, commit);
      server.demand({ user: defaultTokenUser, password: 'x' });
      const code = answer?.code ?? 'repository_needs_credentials';
      await assert.rejects(source.fetch(request, silent, never), failsWith(code, new RegExp(answer?.message ?? '')));
    }
  });

  test('is read by what its address holds where that holds something, and the App is not asked', async () => {
    await using server = await startGitServer({ credentials: { user: 'ada', password: 'own' } });
    await using dir = await temporary();
    const repository = await server.createRepository('app');
    const commit = await repository.commit({ 'a.txt': '1' });
    const asked: string[] = [];
    const appToken = async (address: string) => {
      asked.push(address);
      return 'ghs_4';
    };
    const source = await sourceAt(dir.path, { appToken });
    const own = byApp(repository.url.replace('://', '://ada:own@'));
    assert.equal((await source.fetch({ repository: own, branch: 'main', commit: null }, silent, never)).sha, commit);
    assert.deepEqual(asked, []);
  });
});
