import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { platformRepository } from '../../src/domain/platform-repository.ts';
import { createRepositoryArchive } from '../../src/drivers/source/hosting/repository-archive.ts';
import { hostedRepositoryPath } from '../../src/drivers/source/hosting/repository-path.ts';
import { createGitSource } from '../../src/drivers/source/git/git-source.ts';
import { parseRepositoryUrl } from '../../src/drivers/source/git/repository-url.ts';
import { GitClient } from '../harness/git-client.ts';
import { host, project, secret } from './hosting.ts';
import { mayMount, mountSmallDisk } from '../harness/small-disk.ts';

const never = new AbortController().signal;
const silent = () => undefined;

test('what is pushed can be fetched again, and what the platform holds for itself is not shown', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one', 'dir/b.txt': 'two' });
  await client.ok('push', hosting.url, 'main', 'main:refs/tags/v1');
  assert.ok((await hosting.repositories.held(project)).length > 0);
  const listed = await client.ok('ls-remote', hosting.url);
  assert.doesNotMatch(listed, /refs\/cutover/);
  assert.match(listed, /refs\/tags\/v1/);
  const commit = await client.head();
  assert.equal(await hosting.repositories.find(project, 'refs/heads/main'), commit);
  await using other = await GitClient.init({ 'c.txt': 'c' });
  await other.ok('fetch', '--quiet', hosting.url, 'main');
  assert.match(await other.ok('ls-tree', '-r', '--name-only', 'FETCH_HEAD'), /dir\/b\.txt/);
  for (const pushId of await hosting.repositories.held(project)) await hosting.repositories.letGo(project, pushId);
  assert.deepEqual(await hosting.repositories.held(project), []);
});

test('no branch has moved when it is asked what becomes of it, and a refusal reaches the pusher as one', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  hosting.decide = async ([change], tell) => {
    assert.equal(await hosting.repositories.find(project, 'refs/heads/main'), null);
    assert.deepEqual([change?.from, change?.to], [null, await client.head()]);
    tell('first\u001b[2Jline\nsecond');
    return ['not today'];
  };
  const { code, said } = await client.run(['push', hosting.url, 'main']);
  assert.equal(code, 1);
  assert.match(said, /remote: first \[2Jline second/, 'nothing that is told moves the cursor');
  assert.match(said, /\[remote rejected\] main -> main \(not today\)/);
  assert.equal(await hosting.repositories.find(project, 'refs/heads/main'), null);
});

test('an error while a push is carried out is told as a failure of the push', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  hosting.decide = () => Promise.reject(new Error('secret detail'));
  const { code, said } = await client.run(['push', hosting.url, 'main']);
  assert.notEqual(code, 0);
  assert.match(said, /only the log of the control plane tells/);
  assert.doesNotMatch(said, /secret detail/);
});

test('10 a push that is larger than is allowed is refused in words, and so is every push once the repository is', async () => {
  await using hosting = await host(300_000);
  await using client = await GitClient.init({ 'big.bin': randomBytes(1_000_000).toString('base64') });
  const large = await client.run(['push', hosting.url, 'main']);
  assert.notEqual(large.code, 0);
  assert.match(large.said, /exceeds maximum allowed size/);
  assert.match(large.said, /nothing of the push was taken/);
  assert.equal(await hosting.repositories.find(project, 'refs/heads/main'), null);
  await using second = await GitClient.init({ 'half.bin': randomBytes(150_000).toString('base64') });
  await second.ok('push', hosting.url, 'main:a');
  await second.commit({ 'other.bin': randomBytes(150_000).toString('base64') });
  await second.ok('push', hosting.url, 'main:b');
  await second.commit({ 'small.txt': 'x' });
  const full = await second.run(['push', hosting.url, 'main:c']);
  assert.notEqual(full.code, 0);
  assert.match(full.said, /the repository is larger than/);
});

test('10 objects that would write outside of a checkout are refused', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  const blob = (await client.ok('rev-parse', 'HEAD:a.txt')).trim();
  const entry = Buffer.concat([Buffer.from('100644 .git\0'), Buffer.from(blob, 'hex')]);
  await writeFile(join(client.dir, 'tree.raw'), entry);
  const tree = (await client.ok('hash-object', '-t', 'tree', '-w', '--literally', 'tree.raw')).trim();
  const commit = (await client.ok('commit-tree', '-m', 'hostile', tree)).trim();
  const { code, said } = await client.run(['push', hosting.url, `${commit}:refs/heads/main`]);
  assert.notEqual(code, 0);
  assert.match(said, /hasDotgit|fsck error/);
  assert.equal(await hosting.repositories.find(project, 'refs/heads/main'), null);
});

test('10 no hook runs, whoever put it there', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  await client.ok('push', hosting.url, 'main');
  const hooks = join(hostedRepositoryPath(hosting.dir, project), 'hooks');
  await mkdir(hooks, { recursive: true });
  for (const name of ['pre-receive', 'update', 'post-receive', 'reference-transaction']) {
    await writeFile(join(hooks, name), `#!/bin/sh\ntouch ${hosting.dir}/ran\nexit 1\n`);
    await chmod(join(hooks, name), 0o755);
  }
  await client.commit({ 'a.txt': 'two' });
  await client.ok('push', hosting.url, 'main');
  assert.ok(!(await readdir(hosting.dir)).includes('ran'));
});

test('other refs than branches and tags, and branches that lead to no commit, are refused', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  const notes = await client.run(['push', hosting.url, 'main:refs/notes/x', 'main:refs/heads/ok']);
  assert.match(notes.said, /only branches and tags are kept here/);
  assert.match(notes.said, /\[new branch\] +main -> ok/);
  const own = await client.run(['push', hosting.url, 'main:refs/cutover/pushes/x/0']);
  assert.match(own.said, /only branches and tags are kept here/);
});

test('a branch moves only from where it is believed to be, and never to what is not here', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  await client.ok('push', hosting.url, 'main');
  const first = await client.head();
  const second = await client.commit({ 'a.txt': 'two' });
  const { repositories } = hosting;
  const ref = 'refs/heads/main';
  assert.equal(await repositories.move(project, { ref, from: first, to: second }), false, 'not pushed yet');
  await client.ok('push', hosting.url, 'main:side');
  assert.equal(await repositories.move(project, { ref, from: second, to: first }), true, 'it is there already');
  assert.equal(await repositories.move(project, { ref, from: second, to: second }), false);
  assert.equal(await repositories.move(project, { ref, from: first, to: second }), true);
  assert.equal(await repositories.move(project, { ref, from: second, to: null }), true);
  assert.equal(await repositories.find(project, ref), null);
});

test('what a push brought is told: message, author, and which paths have changed', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one', 'docs/x.md': 'x' });
  const before = await client.head();
  const commit = await client.commit({ 'docs/y.md': 'y', 'docs/x.md': 'changed' }, 'Only words\n\n[skip ci]');
  await client.ok('push', hosting.url, 'main');
  const pushed = await hosting.repositories.pushed(project, before, commit);
  assert.equal(pushed?.message, 'Only words\n\n[skip ci]');
  assert.deepEqual(pushed.changedPaths, ['docs/x.md', 'docs/y.md']);
  assert.equal((await hosting.repositories.pushed(project, null, commit))?.changedPaths, null);
  assert.equal(await hosting.repositories.pushed(project, null, 'f'.repeat(40)), null);
});

test('10 what is no push is answered, and nothing of it reaches a repository', async () => {
  await using hosting = await host();
  const post = async (body: string | Uint8Array<ArrayBuffer>, path = '/git/app.git/git-receive-pack') => {
    const { origin } = new URL(hosting.url);
    const headers = {
      authorization: `Basic ${btoa(`x:${secret}`)}`,
      'content-type': 'application/x-git-receive-pack-request',
    };
    const answer = await fetch(`${origin}${path}`, { method: 'POST', body, headers });
    return [answer.status, await answer.text()] as const;
  };
  assert.deepEqual(await post('0000'), [200, '']);
  for (const body of ['hello', 'ffff', '0004', '0009x', `00${'z'.repeat(80)}`, randomBytes(5_000)])
    assert.equal((await post(body))[0], 400);
  for (const path of [
    '/git/../app.git/git-receive-pack',
    '/git/a%2fb.git/git-receive-pack',
    '/git/app/git-receive-pack',
  ])
    assert.equal((await post('0000', path))[0], 404, path);
});

test('a push from a shallow clone is refused', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  await client.commit({ 'a.txt': 'two' });
  await using shallow = await GitClient.init({});
  await shallow.ok('fetch', '--quiet', '--depth=1', `file://${client.dir}`, 'main');
  const { code, said } = await shallow.run(['push', hosting.url, 'FETCH_HEAD:refs/heads/main']);
  assert.notEqual(code, 0);
  assert.match(said, /shallow update not allowed/);
});

test('3.5 a build reads the very commit that was pushed, of its own project only, and nobody can ask for it by address', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  await client.ok('push', hosting.url, 'main');
  const commit = await client.head();
  const source = await createGitSource({
    dir: join(hosting.dir, 'source'),
    hosted: (id) => hostedRepositoryPath(hosting.dir, id),
    log: { warn: silent },
  });
  const repository = { url: platformRepository(project), project, credential: null };
  const request = { repository, branch: 'main', commit };
  assert.equal((await source.fetch(request, silent, never)).sha, commit);
  const { path } = await source.checkout(
    { repository, commit, owner: 'd1', submodules: false, lfs: false },
    silent,
    never,
  );
  assert.deepEqual(await readdir(path), ['a.txt']);
  const foreign = { ...request, repository: { ...repository, project: randomUUID() } };
  await assert.rejects(source.fetch(foreign, silent, never), { code: 'repository_refused' });
  const path2 = { ...request, repository: { ...repository, url: 'platform:../../etc', project: '../../etc' } };
  await assert.rejects(source.fetch(path2, silent, never), { code: 'invalid_input' });
  assert.throws(() => parseRepositoryUrl(platformRepository(project), ['https', 'ssh', 'http', 'file']), {
    code: 'repository_refused',
  });
  await hosting.repositories.remove(project);
  await assert.rejects(source.fetch({ ...request, commit: 'f'.repeat(40) }, silent, never), /Nothing has been pushed/);
});

test('a repository goes from one platform to another whole', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  await client.commit({ 'a.txt': 'two' });
  await client.ok('push', hosting.url, 'main', 'main:refs/tags/v1');
  const empty = randomUUID();
  await hosting.repositories.move(empty, { ref: 'refs/heads/x', from: null, to: null });
  await using other = await host();
  const [from, to] = [createRepositoryArchive({ dir: hosting.dir }), createRepositoryArchive({ dir: other.dir })];
  for (const id of await from.list()) await to.load(id, from.save(id, never), never);
  assert.deepEqual((await to.list()).toSorted(), [project, empty].toSorted());
  assert.equal(await client.ok('ls-remote', other.url), await client.ok('ls-remote', hosting.url));
  assert.equal((await other.repositories.pushed(project, null, await client.head()))?.message, 'A change');
  assert.deepEqual(await createRepositoryArchive({ dir: '/nonexistent' }).list(), []);
});

describe('a full disk', { skip: !mayMount }, () => {
  const full = /^remote: no space is left on the disk where repositories are kept/m;

  test('fails a first push with words and a next step, nothing of it stays, and with room it is taken', async () => {
    await using hosting = await host();
    await using client = await GitClient.init({ 'a.txt': 'one' });
    const repositories = join(hosting.dir, 'repositories');
    await using disk = await mountSmallDisk(repositories, 8);
    {
      await using _full = await disk.fill();
      const { code, said } = await client.run(['push', hosting.url, 'main']);
      assert.deepEqual([code, full.test(said), /Free some space/.test(said)], [128, true, true], said);
      assert.deepEqual(await readdir(repositories), ['filler']);
    }
    await client.ok('push', hosting.url, 'main');
  });

  test('fails a push that does not fit, or of which not even the name does; no branch moves, and what was there can be fetched', async () => {
    await using hosting = await host();
    await using client = await GitClient.init({ 'a.txt': 'one' });
    await using disk = await mountSmallDisk(join(hosting.dir, 'repositories'), 8);
    const good = await client.head();
    await client.ok('push', hosting.url, 'main');
    for (const pushId of await hosting.repositories.held(project)) await hosting.repositories.letGo(project, pushId);
    const objects = join(hostedRepositoryPath(hosting.dir, project), 'objects');
    const before = await readdir(objects, { recursive: true });
    await client.commit({ 'big.bin': randomBytes(9_000_000).toString('base64') });
    const refused = async (...refs: readonly string[]) => {
      const { code, said } = await client.run(['push', hosting.url, ...refs]);
      assert.deepEqual([code, full.test(said)], [1, true], said);
      assert.deepEqual(await hosting.repositories.held(project), []);
      assert.equal(await hosting.repositories.find(project, 'refs/heads/main'), good);
    };
    await refused('main');
    assert.deepEqual(await readdir(objects, { recursive: true }), before);
    {
      await using _full = await disk.fill();
      await refused(`${good}:refs/heads/one`, `${good}:refs/heads/two`);
      assert.match(await client.ok('ls-remote', hosting.url), new RegExp(`^${good}\\trefs/heads/main$`, 'm'));
    }
    await disk.resize(64);
    await client.ok('push', hosting.url, 'main', `${good}:refs/heads/one`);
    assert.equal(await hosting.repositories.find(project, 'refs/heads/main'), await client.head());
  });
});
