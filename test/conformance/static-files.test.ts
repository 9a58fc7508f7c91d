import assert from 'node:assert/strict';
import { chmod, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { pack } from 'tar-fs';
import { staticFilesConformance } from './static-files.ts';
import { never, setUp, tree, type Tree } from './static-files-set-up.ts';

staticFilesConformance('nginx', async () => {
  const t = await setUp();
  return {
    files: t.files,
    directory: (name, files) => tree(t.root, name, files),
    missing: join(t.root, 'missing'),
    leftovers: () => readdir(join(t.options.dir, 'incoming')),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  };
});

describe('nginx: storing', () => {
  test('the same files are stored once, whatever their times and whoever made the tar', async () => {
    await using t = await setUp();
    const one = await tree(t.root, 'one', { 'index.html': 'hi', 'a/b.txt': 'x'.repeat(3000) });
    const first = await t.files.putDirectory(one, never);
    await utimes(join(one, 'index.html'), 1, 1);
    assert.deepEqual(await t.files.putDirectory(one, never), first);
    assert.deepEqual(await t.files.putTar(Readable.from(pack(one)), never), first);
  });

  test('a link inside and an executable file are another bundle', async () => {
    await using t = await setUp();
    const trees: Tree[] = [{ a: '1' }, { a: '1', b: { link: 'a' } }];
    const paths = await Promise.all(trees.map((files, i) => tree(t.root, `t${i}`, files)));
    const executable = await tree(t.root, 'x', { a: '1' });
    await chmod(join(executable, 'a'), 0o755);
    const stored = [];
    for (const path of [...paths, executable]) stored.push((await t.files.putDirectory(path, never)).bundle);
    assert.equal(new Set(stored).size, 3);
  });

  test('10 a directory whose link leads outside is refused; one that stays inside is kept', async () => {
    await using t = await setUp();
    for (const link of ['/etc/passwd', '../one/../../x', '..']) {
      await rm(join(t.root, 'one'), { recursive: true, force: true });
      const path = await tree(t.root, 'one', { 'index.html': 'x', l: { link } });
      await assert.rejects(t.files.putDirectory(path, never), { code: 'invalid_input' }, link);
    }
    const inside = await tree(t.root, 'two', {
      'index.html': 'x',
      l: { link: 'index.html' },
      lost: { link: 'nothing' },
    });
    const { bundle, files } = await t.files.putDirectory(inside, never);
    assert.equal(files, 2);
    assert.equal(await readFile(join(t.options.dir, 'bundles', bundle, 'l'), 'utf8'), 'x');
  });
});
