import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { CutoverError } from '../../../src/domain/errors.ts';
import { archiveLimits } from '../../../src/drivers/archive/archive-entry.ts';
import { unpackArchive } from '../../../src/drivers/archive/unpack-archive.ts';
import { BundleStore } from '../../../src/drivers/static/nginx/bundle-store.ts';
import { tarGzOf, tarOf, zipOf, type RawEntry } from './archives.ts';

const run = promisify(execFile);
const never = new AbortController().signal;

/** A store of bundles inside a directory in which nothing else may ever change. */
async function jail() {
  const root = await mkdtemp('/tmp/cutover-test-archive-');
  const dir = join(root, 'a', 'b', 'static');
  await mkdir(dir, { recursive: true });
  await writeFile(join(root, 'precious'), 'untouched');
  await writeFile(join(root, 'a', 'precious'), 'untouched');
  const store = new BundleStore(dir);
  await store.prepare();
  return {
    root,
    dir,
    store,
    archive: join(root, 'archive'),
    target: join(root, 'a', 'target'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

type Jail = Awaited<ReturnType<typeof jail>>;

/** What there is outside of the stored bundles, with what the files hold. */
async function outside({ root, dir }: Jail): Promise<readonly string[]> {
  const names = (await readdir(root, { recursive: true })).filter(
    (name) => !join(root, name).startsWith(`${dir}/bundles/`),
  );
  const seen = names.toSorted().map(async (name) => {
    const status = await lstat(join(root, name));
    const content = status.isFile() && name !== 'archive' ? await readFile(join(root, name), 'latin1') : '';
    return `${name} ${status.mode.toString(8)} ${status.nlink} ${content}`;
  });
  return Promise.all(seen);
}

const part = fc.constantFrom(
  'a',
  'b',
  'index.html',
  'link',
  '..',
  '.',
  '',
  'ä',
  'x'.repeat(255),
  'y'.repeat(300),
  '.git',
);
const absolute = fc.constantFrom('/etc/cutover-test-escape', '/tmp/cutover-test-escape', '//', '/');
const path = fc.oneof(
  { weight: 8, arbitrary: fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')) },
  { weight: 1, arbitrary: absolute },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '../precious',
      'a/../../precious',
      '../../../../../../../tmp/cutover-test-escape',
      'a\0b',
    ),
  },
);
const entry: fc.Arbitrary<RawEntry> = fc.record({
  name: path,
  type: fc.oneof(
    { weight: 6, arbitrary: fc.constant('file' as const) },
    { weight: 2, arbitrary: fc.constant('directory' as const) },
    { weight: 3, arbitrary: fc.constant('symlink' as const) },
    { weight: 2, arbitrary: fc.constant('link' as const) },
    { weight: 1, arbitrary: fc.constantFrom('fifo' as const, 'character-device' as const, 'block-device' as const) },
  ),
  target: path,
  content: fc.string({ maxLength: 40 }),
  mode: fc.constantFrom(0o644, 0o755, 0o4755, 0o6777, 0o000),
});

test('rule 10: whatever is in an archive, nothing outside of its bundle changes, and a bundle holds plain files only', async () => {
  await using t = await jail();
  await writeFile(t.archive, '');
  const before = await outside(t);
  let stored = 0;
  const property = fc.asyncProperty(
    fc.array(entry, { maxLength: 8 }),
    fc.constantFrom<'tar' | 'tar.gz' | 'zip'>('tar', 'tar.gz', 'zip'),
    async (entries, kind) => {
      const make = { tar: tarOf, 'tar.gz': tarGzOf, zip: zipOf }[kind];
      await writeFile(t.archive, await make(entries));
      try {
        const { bundle } = await t.store.putArchive(t.archive, never);
        stored += 1;
        await assertPlain(join(t.dir, 'bundles', bundle));
        await t.store.remove(bundle);
      } catch (error) {
        if (!(error instanceof CutoverError)) throw error;
        assert.ok(['archive_refused', 'invalid_input', 'build_empty_output'].includes(error.code), error.code);
      }
      const now = (await outside(t)).map((line) => line.replace(/^archive .*/, 'archive'));
      assert.deepEqual(
        now,
        before.map((line) => line.replace(/^archive .*/, 'archive')),
      );
    },
  );
  await fc.assert(property, { numRuns: 1_000 });
  assert.ok(stored > 20, `only ${stored} of the archives were good ones`);
});

async function assertPlain(bundle: string): Promise<void> {
  for (const name of await readdir(bundle, { recursive: true })) {
    const status = await lstat(join(bundle, name));
    assert.ok(status.isFile() || status.isDirectory(), name);
    assert.equal(status.mode & 0o7000, 0, name);
  }
}

/** Code and message of the refusal. */
async function refusal(t: Jail, archive: Uint8Array, limits = archiveLimits): Promise<string> {
  await writeFile(t.archive, archive);
  await rm(t.target, { recursive: true, force: true });
  await mkdir(t.target);
  try {
    await unpackArchive(t.archive, t.target, never, { limits });
    return 'taken';
  } catch (error) {
    if (!(error instanceof CutoverError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const file = (name: string, content = 'x'): RawEntry => ({ name, type: 'file', content });

test('rule 10: an entry never goes through a link of the archive, in whichever order they come', async () => {
  await using t = await jail();
  const link: RawEntry = { name: 'way', type: 'symlink', target: '../..' };
  for (const make of [tarOf, tarGzOf, zipOf]) {
    assert.match(await refusal(t, await make([link, file('way/precious')])), /archive_refused/);
    assert.match(await refusal(t, await make([file('way/precious'), link])), /archive_refused/);
    assert.match(
      await refusal(t, await make([link, { name: 'way', type: 'directory' }, file('way/p')])),
      /archive_refused/,
    );
    assert.match(await refusal(t, await make([file('way'), file('way')])), /twice/);
  }
  const hard: RawEntry = { name: 'way', type: 'link', target: '../../precious' };
  assert.match(await refusal(t, await tarOf([hard])), /archive_refused/);
  assert.match(await refusal(t, await tarOf([link, { name: 'b', type: 'link', target: 'way' }])), /no file before it/);
  assert.equal(await readFile(join(t.root, 'a', 'precious'), 'utf8'), 'untouched');
});

test('rule 10: limits of entries, bytes, ratio and depth are kept while an archive is read', async () => {
  await using t = await jail();
  const limits = { ...archiveLimits, entries: 50, bytes: 100_000, freeBytes: 10_000, depth: 4 };
  const many = Array.from({ length: 60 }, (_, index) => file(`f${index}`));
  assert.match(await refusal(t, await tarOf(many), limits), /more than 50 entries/);
  assert.match(await refusal(t, zipOf(many), limits), /more than 50 entries/);
  assert.match(await refusal(t, zipOf([file('big', 'x'.repeat(200_000))]), limits), /larger than/);
  // A bomb: small when it is sent.
  const bomb = await tarOf([file('bomb', '\0'.repeat(90_000))]);
  for (const packed of [gzipSync(bomb), zstdCompressSync(bomb)]) {
    assert.ok(packed.length < 1_000);
    assert.match(await refusal(t, packed, { ...limits, ratio: 20 }), /larger than/);
    assert.equal(await refusal(t, packed, { ...limits, ratio: 1_000 }), 'taken');
  }
  assert.match(await refusal(t, await tarOf([file('a/b/c/d/e')]), limits), /deeper than 4/);
});

const longPath = (bytes: number) => `${'x'.repeat(200)}/`.repeat(Math.ceil(bytes / 201)).slice(0, bytes);
const linkTo = (target: string, name = 'link'): RawEntry => ({ name, type: 'symlink', target });

test('rule 10: names and links are kept until the end, and are limited one by one and together', async () => {
  await using t = await jail();
  assert.match(await refusal(t, await tarOf([linkTo('x'.repeat(5_000))])), /longer than 4095 bytes/);
  assert.match(await refusal(t, await tarOf([file(longPath(5_000))])), /longer than 4095 bytes/);
  const many = Array.from({ length: 17_000 }, (_, index) => linkTo(longPath(4_000), `l${index}`));
  assert.match(await refusal(t, await tarOf(many)), /names are longer than 67108864 bytes together/);
});

test('rule 10: a million entries are given up at the limit, without all of them having been read', async () => {
  await using t = await jail();
  const header = (await tarOf([{ name: 'd', type: 'directory' }])).subarray(0, 512);
  // The same directory again and again: only the number is too large.
  const million = gzipSync(Buffer.concat(Array.from({ length: 1_000_000 }, () => header)), { level: 1 });
  const began = performance.now();
  assert.match(await refusal(t, million), /more than 200000 entries/);
  assert.ok(performance.now() - began < 15_000);
  assert.deepEqual(await readdir(t.target), ['d']);
});

test('what is no archive, or is cut off, is refused', async () => {
  await using t = await jail();
  const tar = await tarOf([file('index.html', 'x'.repeat(5_000))]);
  const whole = { gz: gzipSync(tar), zst: zstdCompressSync(tar), zip: zipOf([file('index.html', 'x'.repeat(5_000))]) };
  for (const [kind, bytes] of Object.entries(whole)) {
    assert.equal(await refusal(t, bytes), 'taken', kind);
    assert.match(await refusal(t, bytes.subarray(0, bytes.length - 20)), /archive_refused/, kind);
  }
  assert.match(await refusal(t, tar.subarray(0, 1_000)), /archive_refused/);
  assert.match(await refusal(t, Buffer.from('<html>')), /neither tar/);
  assert.match(await refusal(t, Buffer.alloc(0)), /neither tar/);
  assert.match(await refusal(t, gzipSync(Buffer.from('<html>'))), /archive_refused/);
});

test('10 what is around the contents counts too: an archive of nothing ends, and what a link carries', async () => {
  await using t = await jail();
  const limits = { ...archiveLimits, entries: 10, bytes: 1_000_000, freeBytes: 100_000, ratio: 10 };
  const zeros = Buffer.alloc(5_000_000);
  const header = (await tarOf([{ name: 'link', type: 'symlink', target: 'index.html' }])).subarray(0, 512);
  // Its size, and the sum of the header with that.
  header.write(`${zeros.length.toString(8).padStart(11, '0')}\0`, 124);
  header.fill(' ', 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  for (const plain of [zeros, Buffer.concat([header, zeros])])
    for (const compressed of [gzipSync(plain), zstdCompressSync(plain)]) {
      await writeFile(t.archive, compressed);
      await rm(t.target, { recursive: true, force: true });
      await mkdir(t.target);
      await assert.rejects(unpackArchive(t.archive, t.target, never, { limits }), {
        code: 'archive_refused',
        message: /with nothing compressed it is larger than/,
      });
    }
});

test('what other programs pack is taken: GNU tar with long names and links, and Info-ZIP', async () => {
  await using t = await jail();
  const site = join(t.root, 'site');
  const long = join(site, 'n'.repeat(120), 'm'.repeat(120));
  await mkdir(long, { recursive: true });
  await writeFile(join(long, 'page.html'), 'long');
  await writeFile(join(site, 'index.html'), 'home');
  await run('ln', ['-s', 'index.html', join(site, 'start.html')]);
  await run('ln', [join(site, 'index.html'), join(site, 'same.html')]);
  await run('tar', ['czf', join(t.root, 'gnu'), '-C', site, '.']);
  await run('zip', ['-qry', join(t.root, 'info.zip'), '.'], { cwd: site });
  const [gnu, zip] = [
    await t.store.putArchive(join(t.root, 'gnu'), never),
    await t.store.putArchive(join(t.root, 'info.zip'), never),
  ];
  assert.deepEqual(zip, gnu);
  assert.equal(await readFile(join(t.dir, 'bundles', gnu.bundle, 'start.html'), 'utf8'), 'home');
  assert.equal(gnu.files, 4);
});
