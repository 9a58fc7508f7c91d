import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { plumbing, type TreeEntry } from '../harness/git-plumbing.ts';
import { startGitServer } from '../harness/git-server.ts';
import { failsWith, plain, setUp, treeOf } from '../harness/git-server-source.ts';

const never = new AbortController().signal;
const silent = () => {};

async function hostile(options: Parameters<typeof setUp>[0] = {}) {
  const t = await setUp(options);
  const { blob, tree, commit, git } = plumbing(t.repository.path);
  const checkout = async (sha: string) => {
    await t.source.fetch({ repository: plain(t.repository.url), branch: 'main', commit: sha }, silent, never);
    return (await t.source.checkout(treeOf(t.repository.url, sha, 'd1'), silent, never)).path;
  };
  /** Refused, and the disk is given back. */
  const refuses = async (sha: string, code: ErrorCode, message?: RegExp) => {
    await assert.rejects(checkout(sha), failsWith(code, message));
    assert.deepEqual(await t.source.owners(), []);
    if (code === 'repository_too_large') assert.deepEqual(await readdir(join(t.dir, 'mirrors')), []);
  };
  /** The trap beside everything that belongs to the source. */
  const trap = join(t.dir, 'trap');
  await writeFile(trap, 'untouched');
  return { ...t, blob, tree, commit, git, checkout, refuses, trap };
}

const file = (name: string, id: string): TreeEntry => ({ mode: '100644', name, id });
const directory = (name: string, id: string): TreeEntry => ({ mode: '040000', name, id });

describe('a repository that is too large is refused before it is written', () => {
  test('1,000,000 files, made of a few objects', async () => {
    await using t = await hostile();
    const id = await t.blob('x');
    const names = Array.from({ length: 100 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    let level = await t.tree(names.map((name) => file(name, id)));
    for (let depth = 0; depth < 2; depth += 1) level = await t.tree(names.map((name) => directory(name, level)));
    const sha = await t.commit(level);
    const before = performance.now();
    await t.refuses(sha, 'repository_too_large', /more than 200000 files/);
    assert.ok(performance.now() - before < 5_000, 'at once');
  });

  test('directories without end, and without a single file', async () => {
    await using t = await hostile();
    let level = await t.tree([]);
    for (let depth = 0; depth < 40; depth += 1)
      level = await t.tree(['a', 'b', 'c'].map((name) => directory(name, level)));
    await t.refuses(await t.commit(level), 'repository_too_large', /files and directories/);
  });

  test('directories deeper than any path may be', async () => {
    await using t = await hostile();
    let level = await t.tree([]);
    for (let depth = 0; depth < 30; depth += 1) level = await t.tree([directory('d'.repeat(200), level)]);
    await t.refuses(await t.commit(level), 'repository_too_large', /path/);
  });

  test('a file that is small in a pack and huge outside', async () => {
    await using t = await hostile({ limits: { bytes: 8 * 1024 ** 2 } });
    const id = await t.blob(Buffer.alloc(24 * 1024 ** 2));
    await t.refuses(await t.commit(await t.tree([file('zeros', id)])), 'repository_too_large', /larger than 8 MiB/);
  });

  test('more than may be received: the rest is not waited for, and older commits do not count', async () => {
    await using t = await hostile({ limits: { mirrorBytes: 1024 ** 2 } });
    for (let round = 0; round < 3; round += 1)
      await t.checkout(await t.commit(await t.tree([file('noise', await t.blob(randomBytes(500_000 + round)))])));
    assert.deepEqual(t.warnings, []);
    const noise = await t.commit(await t.tree([file('noise', await t.blob(randomBytes(3 * 1024 ** 2)))]));
    await t.source.release('d1');
    await t.refuses(noise, 'repository_too_large', /larger than 1 MiB/);
  });
});

test('a checkout whose submodules never come to an end in time is ended, though each of them does', async () => {
  const delayMs = 200;
  await using slow = await startGitServer({ before: () => new Promise((resolve) => setTimeout(resolve, delayMs)) });
  await using t = await hostile({ timeoutMs: 1_000 });
  const repository = await slow.createRepository('slow');
  const id = await repository.commit({ 'a.txt': '1' });
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const links = numbers.map((number): TreeEntry => ({ mode: '160000', name: `m${number}`, id }));
  // Another user is another mirror.
  const section = (number: number) =>
    `[submodule "${number}"]\n\tpath = m${number}\n\turl = ${repository.url.replace('://', `://u${number}@`)}\n`;
  const modules = numbers.map(section).join('');
  const sha = await t.commit(await t.tree([...links, file('.gitmodules', await t.blob(modules))]));
  const request = { ...treeOf(t.repository.url, sha, 'd1'), submodules: true };
  await assert.rejects(t.source.checkout(request, silent, never), failsWith('repository_too_large', /longer than 3 s/));
  assert.deepEqual(await t.source.owners(), []);
});

describe('a tree that no work tree may have', () => {
  for (const name of ['.git', '.GIT', 'git~1', '..', '.']) {
    test(`with ${JSON.stringify(name)} in it is refused`, async () => {
      await using t = await hostile();
      const hook = { mode: '100755', name: 'post-checkout', id: await t.blob(`#!/bin/sh\necho touched > ${t.trap}\n`) };
      const config = file('config', await t.blob(`[core]\n\tfsmonitor = echo touched > ${t.trap}\n`));
      const inner = await t.tree([directory('hooks', await t.tree([hook])), config]);
      await t.refuses(await t.commit(await t.tree([directory(name, inner)])), 'repository_refused', /invalid path/);
      assert.equal(await readFile(t.trap, 'utf8'), 'untouched');
    });
  }

  test('with a link and a directory of the same name writes nothing through the link', async () => {
    await using t = await hostile();
    const inner = await t.tree([file('trap', await t.blob('touched'))]);
    const link = { mode: '120000', name: 'a', id: await t.blob(t.dir) };
    const sha = await t.commit(await t.tree([link, directory('a', inner)]));
    await t.checkout(sha).catch((error: unknown) => failsWith('internal')(error));
    assert.equal(await readFile(t.trap, 'utf8'), 'untouched');
  });
});

describe('what is legal and strange is contained', () => {
  test('names with newlines, options and control characters, and names that differ in case only', async () => {
    await using t = await hostile();
    const names = [
      'a\nb',
      '--upload-pack=touch x',
      '-rf',
      '$(id)',
      'tab\there',
      'README',
      'readme',
      '\u202e',
      'a"b',
      "it's",
    ];
    const entries = await Promise.all(names.map(async (name) => file(name, await t.blob(name))));
    const path = await t.checkout(await t.commit(await t.tree(entries)));
    assert.deepEqual((await readdir(path)).toSorted(), names.toSorted());
    for (const name of names) assert.equal(await readFile(join(path, name), 'utf8'), name);
  });

  test('branches whose names are options or commands touch nothing', async () => {
    await using t = await hostile();
    const sha = await t.commit(await t.tree([file('a.txt', await t.blob('1'))]));
    for (const name of [`--upload-pack=touch$IFS${t.trap}`, '-x', '$(id)', '`id`', 'a;id'])
      await t.git(['update-ref', `refs/heads/${name}`, sha]);
    const info = await t.source.fetch(
      { repository: plain(t.repository.url), branch: 'main', commit: null },
      silent,
      never,
    );
    assert.equal(info.sha, sha);
    assert.equal(await readFile(t.trap, 'utf8'), 'untouched');
  });

  test('filters, attributes, an own configuration and links that lead out do nothing', async () => {
    await using t = await hostile();
    const attributes = '* filter=evil text eol=crlf ident working-tree-encoding=UTF-16 export-subst\n';
    const config = `[filter "evil"]\n\tsmudge = touch ${t.trap}x\n[include]\n\tpath = /etc/passwd\n`;
    const sha = await t.commit(
      await t.tree([
        file('.gitattributes', await t.blob(attributes)),
        file('.gitconfig', await t.blob(config)),
        file('config', await t.blob(config)),
        { mode: '120000', name: 'etc', id: await t.blob('/etc') },
        { mode: '120000', name: 'up', id: await t.blob('../../..') },
        file('plain', await t.blob('text')),
      ]),
    );
    const path = await t.checkout(sha);
    await assert.rejects(stat(`${t.trap}x`), { code: 'ENOENT' });
    assert.ok((await lstat(join(path, 'etc'))).isSymbolicLink());
    assert.equal(await readlink(join(path, 'up')), '../../..');
    assert.ok((await lstat(join(path, 'plain'))).isFile());
  });
});
