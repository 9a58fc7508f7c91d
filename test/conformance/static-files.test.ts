import assert from 'node:assert/strict';
import { chmod, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pack } from 'tar-fs';
import { chunks, never, rawTar, setUp, tree, type Tree } from './static-files-set-up.ts';

describe('storing', () => {
  test('the same files are stored once, whether they come as a tar or as a directory, and whatever their times', async () => {
    await using t = await setUp();
    const one = await tree(t.root, 'one', { 'index.html': 'hi', 'a/b.txt': 'x'.repeat(3000) });
    const two = await tree(t.root, 'two', { 'a/b.txt': 'x'.repeat(3000), 'index.html': 'hi', '.git/config': 'y' });
    const first = await t.files.putDirectory(one, never);
    const second = await t.files.putDirectory(two, never);
    const third = await t.files.putTar(Readable.from(pack(one)), never);
    assert.match(first.bundle, /^[0-9a-f]{64}$/);
    assert.deepEqual(second, first);
    assert.deepEqual(third, first);
    assert.deepEqual(first, { bundle: first.bundle, sizeBytes: 3002, files: 2 });
    assert.deepEqual(await t.files.list(), [first.bundle]);
    assert.deepEqual(await readdir(join(t.options.dir, 'incoming')), []);
  });

  test('another content, another path or another mode is another bundle', async () => {
    await using t = await setUp();
    const trees: Tree[] = [{ a: '1' }, { a: '2' }, { b: '1' }, { 'a/a': '1' }, { a: '1', b: { link: 'a' } }];
    const paths = await Promise.all(trees.map((files, i) => tree(t.root, `t${i}`, files)));
    const executable = await tree(t.root, 'x', { a: '1' });
    await chmod(join(executable, 'a'), 0o755);
    const stored = [];
    for (const path of [...paths, executable]) stored.push((await t.files.putDirectory(path, never)).bundle);
    assert.equal(new Set(stored).size, 6);
  });

  test('a bundle can be asked for and removed; absent is fine; a name that is no hash is refused', async () => {
    await using t = await setUp();
    const { bundle } = await t.files.putDirectory(await tree(t.root, 'one', { a: '1' }), never);
    assert.equal(await t.files.has(bundle), true);
    await t.files.remove(bundle);
    await t.files.remove(bundle);
    assert.equal(await t.files.has(bundle), false);
    assert.deepEqual(await t.files.list(), []);
    await assert.rejects(t.files.remove('../../etc'), { code: 'invalid_input' });
  });

  test('nothing to serve is an error that says so', async () => {
    await using t = await setUp();
    await assert.rejects(t.files.putDirectory(await tree(t.root, 'none', {}), never), { code: 'build_empty_output' });
    await assert.rejects(t.files.putDirectory(join(t.root, 'missing'), never), { code: 'build_empty_output' });
    await assert.rejects(t.files.putTar(chunks(rawTar([])), never), { code: 'build_empty_output' });
  });

  test('10 archives that lead outside, hold devices or are broken are refused and leave nothing behind', async () => {
    await using t = await setUp();
    const good = { name: 'index.html', content: 'x' };
    const bad: Record<string, Parameters<typeof rawTar>[0]> = {
      'an absolute name': [good, { name: '/etc/cutover-test', content: 'x' }],
      'a name with ..': [good, { name: 'a/../../x', content: 'x' }],
      'a link to outside': [good, { name: 'l', type: '2', link: '../../../etc/passwd' }],
      'an absolute link': [good, { name: 'l', type: '2', link: '/etc/passwd' }],
      'a hard link to outside': [good, { name: 'l', type: '1', link: '../x' }],
      'an absolute hard link': [good, { name: 'l', type: '1', link: '/etc/passwd' }],
      'a file through a link': [
        { name: 'd', type: '2', link: '..' },
        { name: 'd/x', content: 'x' },
      ],
      'a device': [good, { name: 'null', type: '3' }],
      'a pipe': [good, { name: 'pipe', type: '6' }],
      'too much': [good, { name: 'big', size: 5 * 1024 ** 3 }],
      'a link to itself': [good, { name: 'l', type: '2', link: 'l' }],
    };
    for (const [name, entries] of Object.entries(bad)) {
      await assert.rejects(t.files.putTar(chunks(rawTar(entries)), never), { code: 'invalid_input' }, name);
    }
    const broken = Buffer.from('this is no archive at all'.repeat(100));
    await assert.rejects(t.files.putTar(chunks([broken]), never), { code: 'invalid_input' });
    const cut = Buffer.concat([...rawTar([{ name: 'a', content: 'x'.repeat(5000) }])]).subarray(0, 2000);
    await assert.rejects(t.files.putTar(chunks([cut]), never), { code: 'invalid_input' });
    assert.deepEqual(await readdir(join(t.options.dir, 'incoming')), []);
    assert.deepEqual(await t.files.list(), []);
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

  test('an abort ends the work and leaves nothing behind', async () => {
    await using t = await setUp();
    const controller = new AbortController();
    async function* endless() {
      for (let i = 0; ; i += 1) {
        if (i === 5) controller.abort(new Error('cancelled'));
        yield Buffer.concat([...rawTar([{ name: `f${i}`, content: 'x' }])]).subarray(0, 1024);
        await delay(1);
      }
    }
    await assert.rejects(t.files.putTar(endless(), controller.signal), /cancelled/);
    assert.deepEqual(await readdir(join(t.options.dir, 'incoming')), []);
  });
});
