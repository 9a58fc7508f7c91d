import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultTokenUser, type RepositoryToken } from '../../src/domain/repository-credential.ts';
import type { CommitInfo } from '../../src/domain/source.ts';
import type { Source } from '../../src/engine/ports/source.ts';
import { failsWith, plain, treeOf } from '../harness/git-server-source.ts';
import { tarOf, type RawEntry } from '../unit/archive/archives.ts';

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
  /** From now on the server wants to be shown this token, by the usual user. */
  readonly demand: (token: string) => void;
  readonly forgetBranch: (branch: string) => Promise<void>;
  /** Questions that the server was asked so far. */
  readonly requests: () => number;
  /** Keeps an archive where an upload would be, and resolves to its path. */
  readonly sent: (archive: Buffer) => Promise<string>;
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
  describe(`${driver}: directories that were sent`, () => sentRules(setUp));
  describe(`${driver}: private repositories`, () => privateRules(setUp));
}

function fetchOf({ source, url }: SourceUnderTest, commit: string | null, branch = 'main'): Promise<CommitInfo> {
  return source.fetch({ repository: plain(url), branch, commit }, silent, never);
}

function fetchRules(setUp: SetUp): void {
  test('what is kept of a repository that nobody read for long is removed, and brought again when it is needed', async () => {
    await using t = await setUp();
    await t.commit({ 'a.txt': '1' });
    const first = await fetchOf(t, null);
    assert.equal(await t.source.removeUnused(60_000, never), 0);
    const asked = t.requests();
    assert.deepEqual(await fetchOf(t, first.sha), first);
    assert.equal(t.requests(), asked);
    assert.equal(await t.source.removeUnused(0, never), 1);
    assert.equal(await t.source.removeUnused(0, never), 0);
    assert.deepEqual(await fetchOf(t, first.sha), first);
    assert.ok(t.requests() > asked);
  });

  test('what a fetch will bring is expected to be what it brought before, without asking the server', async () => {
    await using t = await setUp();
    await t.commit({ 'a.txt': '1' });
    const expected = (commit: string | null, branch = 'main') =>
      t.source.expected({ repository: plain(t.url), branch, commit });
    assert.equal(await expected(null), null);
    const first = await fetchOf(t, null);
    const asked = t.requests();
    assert.deepEqual(await expected(null), first);
    assert.deepEqual(await expected(first.sha), first);
    assert.equal(await expected(null, 'other'), null);
    assert.equal(await expected(zero), null);
    const sha = await t.commit({ 'a.txt': '2' });
    assert.deepEqual(await expected(null), first);
    assert.equal(t.requests(), asked);
    assert.equal((await fetchOf(t, null)).sha, sha);
    assert.equal((await expected(null))?.sha, sha);
  });

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
    const { path } = await t.source.checkout(treeOf(t.url, old, 'd1'), silent, never);
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
    await t.source.treeId(plain(t.url), sha, 'dir', never);
    await t.source.checkout(treeOf(t.url, sha, 'd1'), silent, never);
    assert.equal(t.requests(), before);
  });

  test('many at once on one repository wait for each other and all succeed', async () => {
    await using t = await setUp();
    const shas: string[] = [];
    for (let i = 0; i < 4; i += 1) shas.push(await t.commit({ 'a.txt': `${i}` }));
    const results = await Promise.all(
      shas.map(async (commit, i) => {
        await fetchOf(t, commit);
        const { path } = await t.source.checkout(treeOf(t.url, commit, `d${i}`), silent, never);
        return t.read(path, 'a.txt');
      }),
    );
    assert.deepEqual(results, ['0', '1', '2', '3']);
  });

  test('an aborted call throws the reason', async () => {
    await using t = await setUp();
    const sha = await t.commit({ 'a.txt': '1' });
    const aborted = AbortSignal.abort(new Error('not wanted'));
    const request = { repository: plain(t.url), branch: 'main', commit: null };
    await assert.rejects(t.source.fetch(request, silent, aborted), /not wanted/);
    await assert.rejects(t.source.checkout(treeOf(t.url, sha, 'd1'), silent, aborted), /not wanted/);
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
      const fetched = source.fetch({ repository: plain(repository), branch: 'main', commit: null }, silent, never);
      await assert.rejects(fetched, failsWith('repository_refused'), repository);
    }
  });

  test('a repository that does not exist, a branch, a commit and a directory are told apart', async () => {
    await using t = await setUp();
    const sha = await t.commit({ 'a.txt': '1', 'dir/b.txt': '1' });
    const elsewhere = t.source.fetch({ repository: plain(t.otherUrl), branch: 'main', commit: null }, silent, never);
    await assert.rejects(elsewhere, failsWith('repository_not_found', /none\.git/));
    await assert.rejects(fetchOf(t, null, 'nope'), failsWith('branch_not_found', /no branch nope/));
    await assert.rejects(fetchOf(t, zero), failsWith('commit_not_found', new RegExp(zero)));
    await assert.rejects(t.source.treeId(plain(t.url), sha, 'none', never), failsWith('directory_not_found', /none/));
    await assert.rejects(t.source.treeId(plain(t.url), sha, 'a.txt', never), failsWith('directory_not_found'));
    await assert.rejects(t.source.treeId(plain(t.url), sha, '../etc', never), failsWith('directory_not_found'));
  });
}

function checkoutRules(setUp: SetUp): void {
  test('an older work tree of the same owner is replaced; owners are listed until released', async () => {
    await using t = await setUp();
    const one = await t.commit({ 'a.txt': '1', 'gone.txt': 'x' });
    const two = await t.commit({ 'a.txt': '2', 'gone.txt': null });
    await t.source.checkout(treeOf(t.url, one, 'd1'), silent, never);
    const second = await t.source.checkout(treeOf(t.url, two, 'd1'), silent, never);
    await t.source.checkout(treeOf(t.url, one, 'd2'), silent, never);
    assert.deepEqual(await t.names(second.path), ['a.txt']);
    assert.equal(await t.read(second.path, 'a.txt'), '2');
    assert.deepEqual((await t.source.owners()).toSorted(), ['d1', 'd2']);
    await t.source.release('d1');
    await t.source.release('d1');
    await t.source.release('d2');
    assert.deepEqual(await t.source.owners(), []);
    await assert.rejects(t.source.checkout(treeOf(t.url, one, '../d3'), silent, never), failsWith('invalid_input'));
  });

  test('equal trees have equal ids, whatever the commit', async () => {
    await using t = await setUp();
    const one = await t.commit({ 'app/a.txt': '1', 'other.txt': '1' });
    const two = await t.commit({ 'other.txt': '2' });
    const idOf = (commit: string, directory: string) => t.source.treeId(plain(t.url), commit, directory, never);
    assert.equal(await idOf(one, 'app'), await idOf(two, './app/'));
    assert.notEqual(await idOf(one, '.'), await idOf(two, ''));
    assert.match(await idOf(one, ''), /^[0-9a-f]{40}$/);
  });

  test('an app is its directory and the files directly above it: what is beside it makes no other app', async () => {
    await using t = await setUp();
    const appId = (commit: string, directory = 'apps/web') =>
      t.source.appTreeId(plain(t.url), commit, directory, never);
    const first = await t.commit({
      'apps/web/a.txt': '1',
      'apps/api/b.txt': '1',
      'apps/x.txt': '1',
      'package.json': '1',
    });
    const id = await appId(first);
    assert.match(id ?? '', /^[0-9a-f]{40}$/);
    for (const beside of [{ 'apps/api/b.txt': '2' }, { 'lib/c.txt': '1' }, { 'apps/api/b.txt': null }])
      assert.equal(await appId(await t.commit(beside), './apps/web/'), id);
    const others = new Set([id]);
    for (const own of [
      { 'apps/web/a.txt': '2' },
      { 'apps/web/c/d.txt': '1' },
      { 'apps/x.txt': '2' },
      { 'package.json': null },
    ])
      others.add(await appId(await t.commit(own)));
    assert.equal(others.size, 5);
    assert.equal(await appId(first, ''), await t.source.treeId(plain(t.url), first, '', never));
    await assert.rejects(appId(first, 'none'), failsWith('directory_not_found', /none/));
  });
}

type SentFile = readonly [name: string, content: string, mode?: number];

function files(...entries: readonly SentFile[]): RawEntry[] {
  return entries.map(([name, content, mode = 0o644]) => ({ name, type: 'file', content, mode }));
}

function sentRules(setUp: SetUp): void {
  test('the same files are the same tree, in whatever order they come; another content, name or mode is another', async () => {
    await using t = await setUp();
    const treeIdOf = async (...entries: readonly SentFile[]) =>
      (await t.source.survey(await t.sent(await tarOf(files(...entries))), never)).tree;
    const first = await treeIdOf(['a.txt', '1'], ['b/c.txt', '2']);
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.equal(await treeIdOf(['b/c.txt', '2'], ['a.txt', '1']), first);
    const others = [
      await treeIdOf(['a.txt', '2'], ['b/c.txt', '2']),
      await treeIdOf(['a.txt', '1'], ['b/d.txt', '2']),
      await treeIdOf(['a.txt', '1', 0o755], ['b/c.txt', '2']),
      await treeIdOf(['a.txt', '1']),
    ];
    assert.equal(new Set([first, ...others]).size, 5);
  });

  test('it is unpacked for its owner in place of what was there, without any .git, and released', async () => {
    await using t = await setUp();
    const old = await t.sent(await tarOf(files(['old.txt', 'x'])));
    await t.source.unpack({ archive: old, owner: 'd1' }, never);
    const entries = files(['a.txt', '1'], ['b/c.txt', '2'], ['.git/config', '[core]'], ['b/.git/hooks/x', '#!']);
    const archive = await t.sent(await tarOf(entries));
    const { files: count, sizeBytes } = await t.source.survey(archive, never);
    assert.deepEqual([count, sizeBytes], [2, 2]);
    assert.deepEqual(await t.source.owners(), ['d1']);
    const { path } = await t.source.unpack({ archive, owner: 'd1' }, never);
    assert.deepEqual((await t.names(path)).toSorted(), ['a.txt', 'b']);
    assert.equal(await t.read(path, 'b/c.txt'), '2');
    await t.source.release('d1');
    assert.deepEqual(await t.source.owners(), []);
  });

  test('what leads out of it, is there twice, is broken or empty is refused, and nothing of it is left', async () => {
    await using t = await setUp();
    const bad = [
      await tarOf(files(['a.txt', '1'], ['../b.txt', '2'])),
      await tarOf(files(['a.txt', '1'], ['/etc/b.txt', '2'])),
      await tarOf(files(['a.txt', '1'], ['a.txt', '2'])),
      await tarOf(files(['a', '1'], ['a/b', '2'])),
      (await tarOf(files(['a.txt', 'x'.repeat(4_000)]))).subarray(0, 2_000),
    ];
    for (const content of bad) {
      const archive = await t.sent(content);
      await assert.rejects(t.source.survey(archive, never), failsWith('archive_refused'));
      await assert.rejects(t.source.unpack({ archive, owner: 'd1' }, never), failsWith('archive_refused'));
      assert.deepEqual(await t.source.owners(), []);
    }
    const empty = await t.sent(await tarOf(files(['.git/config', '[core]'])));
    await assert.rejects(t.source.survey(empty, never), failsWith('archive_refused', /no files/));
    const gone = `${empty}-gone`;
    await assert.rejects(t.source.survey(gone, never), failsWith('upload_gone'));
    await assert.rejects(t.source.unpack({ archive: gone, owner: 'd1' }, never), failsWith('upload_gone'));
    assert.deepEqual(await t.source.owners(), []);
  });
}

function tokenFor(url: string, text: string): RepositoryToken {
  return { kind: 'token', username: defaultTokenUser, token: text, host: new URL(url).origin };
}

function privateRules(setUp: SetUp): void {
  test('a private repository is read with the token of its project', async () => {
    await using t = await setUp();
    const sha = await t.commit({ 'a.txt': '1' });
    t.demand('right-token');
    const repository = plain(t.url, tokenFor(t.url, 'right-token'));
    const info = await t.source.fetch({ repository, branch: 'main', commit: null }, silent, never);
    assert.equal(info.sha, sha);
    const { path } = await t.source.checkout({ ...treeOf(t.url, sha, 'd1'), repository }, silent, never);
    assert.equal(await t.read(path, 'a.txt'), '1');
    assert.match(await t.source.treeId(repository, sha, '', never), /^[0-9a-f]{40}$/);
  });

  test('without a token, with one for another server, and with a wrong one there is an error for each', async () => {
    await using t = await setUp();
    await t.commit({ 'a.txt': '1' });
    t.demand('right-token');
    const fetched = (credential: RepositoryToken | null) =>
      t.source.fetch({ repository: plain(t.url, credential), branch: 'main', commit: null }, silent, never);
    await assert.rejects(fetched(null), failsWith('repository_needs_credentials'));
    const elsewhere = tokenFor('https://elsewhere.example', 'right-token');
    await assert.rejects(fetched(elsewhere), failsWith('repository_needs_credentials'));
    await assert.rejects(fetched(tokenFor(t.url, 'wrong-token')), failsWith('repository_credentials_refused', /set/));
  });

  test('what was read with the token of a project is open to no other project, and not without the token', async () => {
    await using t = await setUp();
    const commit = await t.commit({ 'a.txt': '1' });
    t.demand('right-token');
    const own = plain(t.url, tokenFor(t.url, 'right-token'));
    await t.source.fetch({ repository: own, branch: 'main', commit }, silent, never);
    const others = [plain(t.url), plain(t.url, tokenFor(t.url, 'no-token'), 'p2')];
    for (const repository of others) {
      await assert.rejects(t.source.fetch({ repository, branch: 'main', commit }, silent, never), /credentials/);
      await assert.rejects(t.source.treeId(repository, commit, 'none', never), /credentials/);
      await assert.rejects(
        t.source.checkout({ ...treeOf(t.url, commit, 'd2'), repository }, silent, never),
        /credentials/,
      );
    }
  });
}
