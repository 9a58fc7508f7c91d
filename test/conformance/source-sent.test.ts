import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { failsWith, sourceAt, temporary } from '../harness/git-server-source.ts';
import { mayMount, mountSmallDisk } from '../harness/small-disk.ts';
import { tarGzOf, tarOf, zipOf, type RawEntry } from '../unit/archive/archives.ts';

/** Directories that were sent, as they come to lie on a real disk. */
const never = new AbortController().signal;

async function keep(dir: string, archive: Uint8Array): Promise<string> {
  const path = join(dir, 'archive');
  await writeFile(path, archive);
  return path;
}

test('section 10: links are as they were sent, nothing is written through one, and only the executable bit is kept', async () => {
  await using dir = await temporary();
  const source = await sourceAt(join(dir.path, 'source'));
  const entries: RawEntry[] = [
    { name: 'out', type: 'symlink', target: '/etc' },
    { name: 'run.sh', type: 'file', content: '#!', mode: 0o4777 },
    { name: 'same.sh', type: 'link', target: 'run.sh' },
    { name: 'secret', type: 'file', content: 'x', mode: 0o600 },
  ];
  const archive = await keep(dir.path, await tarOf(entries));
  const { path } = await source.unpack({ archive, owner: 'd1' }, never);
  assert.equal(await readlink(join(path, 'out')), '/etc');
  assert.ok((await lstat(join(path, 'out'))).isSymbolicLink());
  const modes = await Promise.all(['run.sh', 'same.sh', 'secret'].map((name) => stat(join(path, name))));
  assert.deepEqual(
    modes.map(({ mode }) => mode & 0o7777),
    [0o755, 0o755, 0o644],
  );
  const through = [...entries, { name: 'out/passwd', type: 'file', content: 'x' } as const];
  const hostile = await keep(dir.path, await tarOf(through));
  await assert.rejects(source.unpack({ archive: hostile, owner: 'd2' }, never), failsWith('archive_refused', /out/));
  assert.deepEqual(await source.owners(), ['d1']);
});

test('issue 6.4: a tree is the same in a tar, a compressed one and a zip', async () => {
  await using dir = await temporary();
  const source = await sourceAt(join(dir.path, 'source'));
  const entries: RawEntry[] = [
    { name: 'a.txt', type: 'file', content: '1' },
    { name: 'b', type: 'directory' },
    { name: 'b/c.txt', type: 'file', content: '2', mode: 0o755 },
    { name: 'd', type: 'symlink', target: 'a.txt' },
  ];
  const trees = new Set<string>();
  for (const archive of [await tarOf(entries), await tarGzOf(entries), zipOf(entries)])
    trees.add((await source.survey(await keep(dir.path, archive), never)).tree);
  assert.equal(trees.size, 1);
});

test('2.2 what is cancelled while it is unpacked leaves nothing', async () => {
  await using dir = await temporary();
  const source = await sourceAt(join(dir.path, 'source'));
  const entries: RawEntry[] = [{ name: 'large', type: 'file', content: Buffer.alloc(100e6) }];
  const archive = await keep(dir.path, await tarOf(entries));
  const cancel = new AbortController();
  const unpacking = source.unpack({ archive, owner: 'd1' }, cancel.signal);
  while ((await source.owners()).length === 0);
  cancel.abort(new Error('cancelled'));
  await assert.rejects(unpacking, /cancelled|aborted/);
  assert.deepEqual(await source.owners(), []);
});

test('a full disk has its name, and nothing is left on it', { skip: !mayMount }, async () => {
  await using dir = await temporary();
  const at = join(dir.path, 'source');
  await using _disk = await mountSmallDisk(at, 8);
  const source = await sourceAt(at);
  const large: RawEntry[] = [{ name: 'large', type: 'file', content: randomBytes(12e6) }];
  const archive = await keep(dir.path, await tarOf(large));
  await assert.rejects(source.unpack({ archive, owner: 'd1' }, never), failsWith('disk_full'));
  assert.deepEqual(await readdir(join(at, 'checkouts')), []);
  const small = await keep(dir.path, await tarOf([{ name: 'a.txt', type: 'file', content: '1' }]));
  await source.unpack({ archive: small, owner: 'd1' }, never);
});
