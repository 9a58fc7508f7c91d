import assert from 'node:assert/strict';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { defaultTokenUser } from '../../src/domain/repository-credential.ts';
import type { CheckoutRequest, Source } from '../../src/engine/ports/source.ts';
import { findGitLfs, LfsStore } from '../harness/git-lfs.ts';
import { plumbing, type TreeEntry } from '../harness/git-plumbing.ts';
import { startGitServer, type TestRepository } from '../harness/git-server.ts';
import { failsWith, plain, setUp, sourceAt, temporary, treeOf } from '../harness/git-server-source.ts';

const never = new AbortController().signal;
const silent = () => {};

interface Link {
  readonly path: string;
  readonly url: string;
  readonly commit: string;
}

/** A commit with a file `own.txt` and these submodules at its top. */
async function commitWith(
  { path }: Pick<TestRepository, 'path'>,
  links: readonly Link[],
  more: readonly TreeEntry[] = [],
) {
  const { blob, tree, commit } = plumbing(path);
  const sections = links.map((link) => `[submodule "${link.path}"]\n\tpath = ${link.path}\n\turl = ${link.url}\n`);
  const modules = { mode: '100644', name: '.gitmodules', id: await blob(sections.join('')) };
  const own = { mode: '100644', name: 'own.txt', id: await blob('own') };
  const gitlinks = links.map((link) => ({ mode: '160000', name: link.path, id: link.commit }));
  return commit(await tree([modules, own, ...gitlinks, ...more]));
}

async function checkedOut(source: Source, request: CheckoutRequest, onLine: (line: string) => void = silent) {
  await source.fetch({ repository: request.repository, branch: 'main', commit: request.commit }, silent, never);
  return (await source.checkout(request, onLine, never)).path;
}

describe('submodules', () => {
  test('are written at the very commit that is recorded, and theirs too; without being asked for they are empty', async () => {
    await using t = await setUp();
    const [inner, middle] = [await t.server.createRepository('inner'), await t.server.createRepository('middle')];
    const deep = await inner.commit({ 'deep.txt': 'then' });
    await inner.commit({ 'deep.txt': 'now' });
    const between = await commitWith(middle, [{ path: 'inner', url: '../inner.git', commit: deep }]);
    const sha = await commitWith(t.repository, [{ path: 'lib', url: middle.url, commit: between }]);
    const request = { ...treeOf(t.repository.url, sha, 'd1'), submodules: true };
    const path = await checkedOut(t.source, request);
    assert.equal(await readFile(join(path, 'lib/inner/deep.txt'), 'utf8'), 'then');
    assert.deepEqual((await readdir(join(path, 'lib'))).toSorted(), ['.gitmodules', 'inner', 'own.txt']);
    const without = await checkedOut(t.source, treeOf(t.repository.url, sha, 'd2'));
    assert.deepEqual(await readdir(join(without, 'lib')), []);
  });

  test('a token goes to its own server only', async () => {
    const seen: (string | undefined)[] = [];
    await using other = await startGitServer({ before: (request) => void seen.push(request.headers.authorization) });
    await using server = await startGitServer({ credentials: { user: defaultTokenUser, password: 'tok_secret' } });
    const [own, sister, stranger] = [
      await server.createRepository('own'),
      await server.createRepository('sister'),
      await other.createRepository('stranger'),
    ];
    const links = [
      { path: 'sister', url: '../sister.git', commit: await sister.commit({ 'a.txt': '1' }) },
      { path: 'stranger', url: stranger.url, commit: await stranger.commit({ 'a.txt': '1' }) },
    ];
    const sha = await commitWith(own, links);
    await using dir = await temporary();
    const source = await sourceAt(dir.path);
    const credential = { kind: 'token', username: defaultTokenUser, token: 'tok_secret', host: server.url } as const;
    const repository = plain(own.url, credential);
    await checkedOut(source, { ...treeOf(own.url, sha, 'd1'), repository, submodules: true });
    assert.deepEqual([...new Set(seen)], [undefined]);
    const refused = checkedOut(source, { ...treeOf(own.url, sha, 'd1'), repository: plain(own.url), submodules: true });
    await assert.rejects(refused, failsWith('repository_needs_credentials'));
  });

  test('that are on this machine, elsewhere than a URL may be, or nowhere are refused, and nothing is left', async () => {
    await using t = await setUp();
    const victim = await t.repository.commit({ 'a.txt': '1' });
    const addresses = [
      `file://${t.repository.path}`,
      t.repository.path,
      'ext::sh -c id',
      '--upload-pack=id',
      'git@-oProxyCommand=id:x',
      '../../../../../etc',
    ];
    for (const url of addresses) {
      const sha = await commitWith(t.repository, [{ path: 'lib', url, commit: victim }]);
      const request = { ...treeOf(t.repository.url, sha, 'd1'), submodules: true };
      await assert.rejects(checkedOut(t.source, request), failsWith('repository_refused', /^submodule "lib": /), url);
      assert.deepEqual(await t.source.owners(), []);
    }
  });

  test('that nothing describes, or whose commit is not there, are told by name', async () => {
    await using t = await setUp();
    const { blob, tree, commit } = plumbing(t.repository.path);
    const link = { mode: '160000', name: 'lib', id: '0123456789012345678901234567890123456789' };
    const modules = await blob('[submodule "lib"]\n\tpath = lib\n\turl = ./\n');
    const bare = await commit(await tree([link]));
    const linked = await commit(await tree([link, { mode: '120000', name: '.gitmodules', id: modules }]));
    const gone = await commitWith(t.repository, [{ path: 'lib', url: t.repository.url, commit: link.id }]);
    const garbled = await commit(await tree([link, { mode: '100644', name: '.gitmodules', id: await blob('[[[') }]));
    const request = (sha: string) => ({ ...treeOf(t.repository.url, sha, 'd1'), submodules: true });
    await assert.rejects(checkedOut(t.source, request(bare)), failsWith('repository_refused', /"lib".*\.gitmodules/));
    for (const sha of [linked, garbled])
      await assert.rejects(checkedOut(t.source, request(sha)), failsWith('repository_refused', /\.gitmodules/));
    await assert.rejects(checkedOut(t.source, request(gone)), failsWith('commit_not_found', /^submodule "lib"/));
  });

  test('that contain each other end at a limit', async () => {
    await using t = await setUp({ limits: { files: 1_000 } });
    let sha = await t.repository.commit({ 'a.txt': '1' });
    for (let depth = 0; depth < 10; depth += 1)
      sha = await commitWith(t.repository, [{ path: 'again', url: './', commit: sha }]);
    const request = { ...treeOf(t.repository.url, sha, 'd1'), submodules: true };
    await assert.rejects(checkedOut(t.source, request), failsWith('repository_too_large', /nested/));
    assert.deepEqual(await t.source.owners(), []);
  });
});

describe('Git LFS', () => {
  const stack = new AsyncDisposableStack();
  const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n';
  let gitLfs = '';

  before(async () => {
    gitLfs = await findGitLfs(stack.use(await temporary()).path);
  });
  after(() => stack.disposeAsync());

  async function lfsSetUp(options: Parameters<typeof sourceAt>[1] = {}) {
    const parts = new AsyncDisposableStack();
    const store = new LfsStore();
    const server = parts.use(
      await startGitServer({ before: store.answer, credentials: { user: defaultTokenUser, password: 'tok_secret' } }),
    );
    const { path: dir } = parts.use(await temporary());
    const repository = await server.createRepository('app');
    const source = await sourceAt(dir, { gitLfs, ...options });
    const credential = { kind: 'token', username: defaultTokenUser, token: 'tok_secret', host: server.url } as const;
    const request = (sha: string, lfs: boolean) => ({
      ...treeOf(repository.url, sha, 'd1'),
      repository: plain(repository.url, credential),
      lfs,
    });
    return { store, repository, source, request, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  }

  test('brings the content with the credential of the repository, and keeps the mode of the file', async () => {
    await using t = await lfsSetUp();
    const content = Buffer.alloc(300_000, 'x');
    const sha = await t.repository.commit({ '.gitattributes': attributes, 'dir/a.bin': t.store.put(content) });
    const path = await checkedOut(t.source, t.request(sha, true));
    assert.ok((await readFile(join(path, 'dir/a.bin'))).equals(content));
    assert.equal((await lstat(join(path, 'dir/a.bin'))).mode & 0o777, 0o644);
    assert.ok(t.store.shown.length > 0);
    assert.ok(t.store.shown.every((header) => header?.startsWith('Basic ')));
  });

  test('where it is not asked for, a warning names the pointers', async () => {
    await using t = await lfsSetUp();
    const pointer = t.store.put(Buffer.from('content'));
    const sha = await t.repository.commit({ '.gitattributes': attributes, 'a\nb.bin': pointer, 'c.bin': pointer });
    const lines: string[] = [];
    const path = await checkedOut(t.source, t.request(sha, false), (line) => lines.push(line));
    assert.equal(await readFile(join(path, 'c.bin'), 'utf8'), pointer);
    assert.match(lines.join('\n'), /warning: Git LFS keeps the content of "a\\nb\.bin", "c\.bin"; .*--lfs/);
    assert.deepEqual(t.store.shown, []);
  });

  test('content that was never pushed, that is too large, or that only the repository itself points elsewhere for', async () => {
    await using t = await lfsSetUp({ limits: { bytes: 1_000_000 } });
    const unpushed = new LfsStore().put(Buffer.from('never pushed'));
    const missing = await t.repository.commit({ '.gitattributes': attributes, 'a.bin': unpushed });
    await assert.rejects(checkedOut(t.source, t.request(missing, true)), failsWith('lfs_failed'));
    const huge = unpushed.replace(/size \d+/, 'size 999999999');
    const large = await t.repository.commit({ 'a.bin': huge });
    await assert.rejects(checkedOut(t.source, t.request(large, true)), failsWith('repository_too_large'));
    const here = t.store.put(Buffer.from('here'));
    const config = '[lfs]\n\turl = http://127.0.0.1:1/elsewhere\n';
    const led = await t.repository.commit({ 'a.bin': here, '.lfsconfig': config });
    const path = await checkedOut(t.source, t.request(led, true));
    assert.equal(await readFile(join(path, 'a.bin'), 'utf8'), 'here');
  });

  test('where it is asked for and not installed, the error says so', async () => {
    await using t = await lfsSetUp({ gitLfs: '/nowhere/git-lfs' });
    const pointer = t.store.put(Buffer.from('content'));
    const sha = await t.repository.commit({ '.gitattributes': attributes, 'a.bin': pointer });
    await assert.rejects(checkedOut(t.source, t.request(sha, true)), failsWith('lfs_missing'));
    const plainFile = await t.repository.commit({ '.gitattributes': null, 'a.bin': 'no pointer' });
    await checkedOut(t.source, t.request(plainFile, true));
  });
});
