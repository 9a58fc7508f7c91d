import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plumbing, type TreeEntry } from '../harness/git-plumbing.ts';
import { plain, setUp } from '../harness/git-server-source.ts';

const never = new AbortController().signal;
const file = (name: string, id: string): TreeEntry => ({ mode: '100644', name, id });
const link = (name: string, id: string): TreeEntry => ({ mode: '120000', name, id });
const directory = (name: string, id: string): TreeEntry => ({ mode: '040000', name, id });

async function repository() {
  const t = await setUp();
  const objects = plumbing(t.repository.path);
  const appId = async (treeId: string) => {
    const sha = await objects.commit(treeId);
    await t.source.fetch({ repository: plain(t.repository.url), branch: 'main', commit: sha }, () => {}, never);
    return t.source.appTreeId(plain(t.repository.url), sha, 'apps/web', never);
  };
  return { ...t, ...objects, appId };
}

test('an app with a link, in its directory or directly above it, is known by the whole repository', async () => {
  await using t = await repository();
  const id = await t.blob('x');
  const to = await t.blob('../../lib/shared.txt');
  const build = async (inApp: readonly TreeEntry[], above: readonly TreeEntry[]) => {
    const apps = await t.tree([directory('web', await t.tree([file('a.txt', id), ...inApp])), ...above]);
    return t.appId(await t.tree([directory('apps', apps)]));
  };
  assert.match((await build([], [])) ?? '', /^[0-9a-f]{40}$/);
  assert.equal(await build([link('b.txt', to)], []), null);
  assert.equal(await build([directory('deep', await t.tree([link('b.txt', to)]))], []), null);
  assert.equal(await build([], [link('package.json', to)]), null);
  assert.notEqual(await build([], [directory('other', await t.tree([link('b.txt', to)]))]), null, 'beside it');
});

test('a directory without end is not looked through to its end', async () => {
  await using t = await repository();
  let level = await t.tree([]);
  for (let depth = 0; depth < 40; depth += 1)
    level = await t.tree(['a', 'b', 'c'].map((name) => directory(name, level)));
  const before = performance.now();
  assert.equal(await t.appId(await t.tree([directory('apps', await t.tree([directory('web', level)]))])), null);
  assert.ok(performance.now() - before < 10_000);
});
