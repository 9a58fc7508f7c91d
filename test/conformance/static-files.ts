import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { StaticFiles } from '../../src/engine/ports/static-files.ts';
import { chunks, never, rawTar } from './static-files-set-up.ts';

/** Text by path. */
export type PlainTree = Readonly<Record<string, string>>;

export interface StaticFilesUnderTest extends AsyncDisposable {
  readonly files: StaticFiles;
  /** A directory with these files. */
  readonly directory: (name: string, files: PlainTree) => Promise<string>;
  /** A path at which there is nothing. */
  readonly missing: string;
  /** What is left of work that has ended. */
  readonly leftovers: () => Promise<readonly string[]>;
}

/** The promises of `src/engine/ports/static-files.ts` about what is stored, to be kept by every driver. */
export function staticFilesConformance(driver: string, setUp: () => Promise<StaticFilesUnderTest>): void {
  describe(`${driver}: storing`, () => {
    test('the same files are stored once, whether they come as a tar or as a directory', async () => {
      await using t = await setUp();
      const one = await t.directory('one', { 'index.html': 'hi', 'a/b.txt': 'x'.repeat(3000) });
      const two = await t.directory('two', { 'a/b.txt': 'x'.repeat(3000), 'index.html': 'hi', '.git/config': 'y' });
      const tar = rawTar([
        { name: 'a/', type: '5' },
        { name: 'a/b.txt', content: 'x'.repeat(3000) },
        { name: './index.html', content: 'hi' },
      ]);
      const first = await t.files.putDirectory(one, never);
      assert.match(first.bundle, /^[0-9a-f]{64}$/);
      assert.deepEqual(await t.files.putDirectory(two, never), first);
      assert.deepEqual(await t.files.putTar(chunks(tar), never), first);
      assert.deepEqual(first, { bundle: first.bundle, sizeBytes: 3002, files: 2 });
      assert.deepEqual(await t.files.list(), [first.bundle]);
      assert.deepEqual(await t.leftovers(), []);
    });

    test('another content, another path and another mode are another bundle', async () => {
      await using t = await setUp();
      const trees: readonly PlainTree[] = [{ a: '1' }, { a: '2' }, { b: '1' }, { 'a/a': '1' }, { a: '1', b: '1' }];
      const stored = new Set<string>();
      for (const [index, files] of trees.entries()) {
        stored.add((await t.files.putDirectory(await t.directory(`t${index}`, files), never)).bundle);
      }
      const executable = rawTar([{ name: 'a', content: '1', mode: '0000755' }]);
      stored.add((await t.files.putTar(chunks(executable), never)).bundle);
      assert.equal(stored.size, 6);
    });

    test('a bundle can be asked for and removed; absent is fine; a name that is no hash is refused', async () => {
      await using t = await setUp();
      const { bundle } = await t.files.putDirectory(await t.directory('one', { a: '1' }), never);
      assert.equal(await t.files.has(bundle), true);
      await t.files.remove(bundle);
      await t.files.remove(bundle);
      assert.equal(await t.files.has(bundle), false);
      assert.deepEqual(await t.files.list(), []);
      await assert.rejects(t.files.remove('../../etc'), { code: 'invalid_input' });
    });

    test('nothing to serve is an error that says so', async () => {
      await using t = await setUp();
      const empty = await t.directory('none', {});
      await assert.rejects(t.files.putDirectory(empty, never), { code: 'build_empty_output' });
      await assert.rejects(t.files.putDirectory(t.missing, never), { code: 'build_empty_output' });
      await assert.rejects(t.files.putTar(chunks(rawTar([])), never), { code: 'build_empty_output' });
    });

    archiveRules(setUp);
  });
}

function archiveRules(setUp: () => Promise<StaticFilesUnderTest>): void {
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
    assert.deepEqual(await t.leftovers(), []);
    assert.deepEqual(await t.files.list(), []);
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
    assert.deepEqual(await t.leftovers(), []);
    assert.deepEqual(await t.files.list(), []);
  });
}
