import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CommitInfo } from '../../src/domain/source.ts';
import type { Source } from '../../src/engine/ports/source.ts';
import { failsWith } from '../harness/git-server-source.ts';

const never = new AbortController().signal;
const silent = () => {};
const zero = '0123456789012345678901234567890123456789';

/** A server with an empty repository, and a source that may use it. */
export interface SourceUnderTest extends AsyncDisposable {
  readonly source: Source;
  /** One that may use nothing but https and ssh. */
  readonly strict: () => Promise<Source>;
  readonly url: string;
  /** On the same server; there is no such repository. */
  readonly otherUrl: string;
  /** Puts these files over those of the branch's head (null deletes) and resolves to the commit's id. */
  readonly commit: (
    files: Readonly<Record<string, string | null>>,
    options?: { readonly branch?: string; readonly message?: string },
  ) => Promise<string>;
  readonly forgetBranch: (branch: string) => Promise<void>;
  /** Questions that the server was asked so far. */
  readonly requests: () => number;
  /** Of a work tree. */
  readonly read: (path: string, name: string) => Promise<string>;
  /** Names of everything in a work tree, at its top. */
  readonly names: (path: string) => Promise<readonly string[]>;
}

type SetUp = () => Promise<SourceUnderTest>;

/** The promises of `src/engine/ports/source.ts`, to be kept by every driver. */
export function sourceConformance(driver: string, setUp: SetUp): void {
  describe(`${driver}: fetch`, () => fetchRules(setUp));
  describe(`${driver}: bad input gets a clear error`, () => inputRules(setUp));
  describe(`${driver}: checkout`, () => checkoutRules(setUp));
}

function fetchOf({ source, url }: SourceUnderTest, commit: string | null, branch = 'main'): Promise<CommitInfo> {
  return source.fetch({ repository: url, branch, commit }, silent, never);
}

function fetchRules(setUp: SetUp): void {
  test('brings the head of the branch as the server has it now', async () => {
    await using t = await setUp();
    await t.commit({ 'a.txt': '1' });
    const first = await fetchOf(t, null);
    const sha = await t.commit({ 'a.txt': '2' }, { message: 'second\n\nbody' });
    const second = await fetchOf(t, null);
    assert.notEqual(first.sha, second.sha);
    assert.equal(second.sha, sha);
    assert.equal(second.message, 'second');
    assert.equal(second.author, 'Test Author');
    assert.ok(Math.abs(Date.parse(second.committedAt) - Date.now()) < 60_000);
  });

  test('3.5 the exact commit is brought, though the branch has moved on', async () => {
    await using t = await setUp();
    const old = await t.commit({ 'a.txt': 'old' });
    await t.commit({ 'a.txt': 'new' });
    assert.equal((await fetchOf(t, old)).sha, old);
    const { path } = await t.source.checkout(t.url, old, 'd1', never);
    assert.equal(await t.read(path, 'a.txt'), 'old');
  });

  test('a commit that a forced push has left behind is still brought', async () => {
    await using t = await setUp();
    const lost = await t.commit({ 'a.txt': 'lost' });
    await t.forgetBranch('main');
    await t.commit({ 'a.txt': 'other' });
    assert.equal((await fetchOf(t, lost)).sha, lost);
  });

  test('a commit that is in the mirror is not fetched again: no network is used', async () => {
    await using t = await setUp();
    const sha = await t.commit({ 'a.txt': '1', 'dir/b.txt': '2' });
    await fetchOf(t, sha);
    const before = t.requests();
    assert.ok(before > 0);
    await fetchOf(t, sha);
    await t.source.treeId(t.url, sha, 'dir', never);
    await t.source.checkout(t.url, sha, 'd1', never);
    assert.equal(t.requests(), before);
  });

  test('many at once on one repository wait for each other and all succeed', async () => {
    await using t = await setUp();
    const shas: string[] = [];
    for (let i = 0; i < 4; i += 1) shas.push(await t.commit({ 'a.txt': `${i}` }));
    const results = await Promise.all(
      shas.map(async (commit, i) => {
        await fetchOf(t, commit);
        const { path } = await t.source.checkout(t.url, commit, `d${i}`, never);
        return t.read(path, 'a.txt');
      }),
    );
    assert.deepEqual(results, ['0', '1', '2', '3']);
  });

  test('an aborted call throws the reason', async () => {
    await using t = await setUp();
    const sha = await t.commit({ 'a.txt': '1' });
    const aborted = AbortSignal.abort(new Error('not wanted'));
    const request = { repository: t.url, branch: 'main', commit: null };
    await assert.rejects(t.source.fetch(request, silent, aborted), /not wanted/);
    await assert.rejects(t.source.checkout(t.url, sha, 'd1', aborted), /not wanted/);
    assert.deepEqual(await t.source.owners(), []);
  });
}

function inputRules(setUp: SetUp): void {
  test('3.5 names that are options, commands or paths are refused', async () => {
    await using t = await setUp();
    await t.commit({ 'a.txt': '1' });
    const names = ['$(id)', '../x', '-x', '--all', 'a b', 'a..b', 'x.lock', '', '/x', 'a//b', '@{-1}', 'a\nb'];
    for (const branch of names) await assert.rejects(fetchOf(t, null, branch), failsWith('ref_invalid'), branch);
    for (const commit of ['--help', 'HEAD', zero.slice(1), zero.toUpperCase().replaceAll('0', 'A'), 'main']) {
      await assert.rejects(fetchOf(t, commit), failsWith('ref_invalid'), commit);
    }
  });

  test('branches with slashes, dots, signs and letters of any script are legal', async () => {
    await using t = await setUp();
    for (const branch of ['feature/größe', 'release-1.2', 'dependabot/npm/@scope/x-1', '日本', 'a+b=c#1']) {
      const sha = await t.commit({ 'a.txt': branch }, { branch });
      assert.equal((await fetchOf(t, null, branch)).sha, sha);
    }
  });

  test('addresses of schemes that are not allowed are refused', async () => {
    await using t = await setUp();
    const source = await t.strict();
    const addresses = [
      'file:///etc',
      '/etc',
      '../x',
      'http://localhost/x',
      'git://localhost/x',
      'ext::sh -c id',
      'ext::id',
      '--upload-pack=id',
      'ssh://-oProxyCommand=id/x',
      'git@-oProxyCommand=id:x',
      'git@host:-x',
      'ftp://host/x',
      'https://',
      'https://host/a b',
      '',
    ];
    for (const repository of addresses) {
      const fetched = source.fetch({ repository, branch: 'main', commit: null }, silent, never);
      await assert.rejects(fetched, failsWith('repository_refused'), repository);
    }
  });

  test('a repository that does not exist, a branch, a commit and a directory are told apart', async () => {
    await using t = await setUp();
    const sha = await t.commit({ 'a.txt': '1', 'dir/b.txt': '1' });
    const elsewhere = t.source.fetch({ repository: t.otherUrl, branch: 'main', commit: null }, silent, never);
    await assert.rejects(elsewhere, failsWith('repository_not_found', /none\.git/));
    await assert.rejects(fetchOf(t, null, 'nope'), failsWith('branch_not_found', /no branch nope/));
    await assert.rejects(fetchOf(t, zero), failsWith('commit_not_found', new RegExp(zero)));
    await assert.rejects(t.source.treeId(t.url, sha, 'none', never), failsWith('directory_not_found', /none/));
    await assert.rejects(t.source.treeId(t.url, sha, 'a.txt', never), failsWith('directory_not_found'));
    await assert.rejects(t.source.treeId(t.url, sha, '../etc', never), failsWith('directory_not_found'));
  });
}

function checkoutRules(setUp: SetUp): void {
  test('an older work tree of the same owner is replaced; owners are listed until released', async () => {
    await using t = await setUp();
    const one = await t.commit({ 'a.txt': '1', 'gone.txt': 'x' });
    const two = await t.commit({ 'a.txt': '2', 'gone.txt': null });
    await t.source.checkout(t.url, one, 'd1', never);
    const second = await t.source.checkout(t.url, two, 'd1', never);
    await t.source.checkout(t.url, one, 'd2', never);
    assert.deepEqual(await t.names(second.path), ['a.txt']);
    assert.equal(await t.read(second.path, 'a.txt'), '2');
    assert.deepEqual((await t.source.owners()).toSorted(), ['d1', 'd2']);
    await t.source.release('d1');
    await t.source.release('d1');
    await t.source.release('d2');
    assert.deepEqual(await t.source.owners(), []);
    await assert.rejects(t.source.checkout(t.url, one, '../d3', never), failsWith('invalid_input'));
  });

  test('equal trees have equal ids, whatever the commit', async () => {
    await using t = await setUp();
    const one = await t.commit({ 'app/a.txt': '1', 'other.txt': '1' });
    const two = await t.commit({ 'other.txt': '2' });
    const idOf = (commit: string, directory: string) => t.source.treeId(t.url, commit, directory, never);
    assert.equal(await idOf(one, 'app'), await idOf(two, './app/'));
    assert.notEqual(await idOf(one, '.'), await idOf(two, ''));
    assert.match(await idOf(one, ''), /^[0-9a-f]{40}$/);
  });
}
