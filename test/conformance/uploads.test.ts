import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemDisks } from '../../src/drivers/disk/system-disks.ts';
import { createUploadSpool, type SpoolOptions } from '../../src/drivers/uploads/spool.ts';
import { mayMount, mountSmallDisk } from '../harness/small-disk.ts';
import { uploadsConformance } from './uploads.ts';

const never = new AbortController().signal;

async function spool(options: Partial<SpoolOptions> = {}) {
  const dir = await mkdtemp('/tmp/cutover-test-uploads-');
  const uploads = await createUploadSpool({
    dir,
    maxBytes: 1_000_000,
    disks: systemDisks,
    reserveBytes: 0,
    ...options,
  });
  return {
    dir,
    uploads,
    read: (path: string) => readFile(path, 'utf8'),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

uploadsConformance('spool', () => spool());

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(65_536);
}

test('what is larger than is allowed is given up at the limit, and nothing of it stays', async () => {
  await using t = await spool();
  await assert.rejects(t.uploads.receive({ filename: 'big', bytes: endless() }, never), { code: 'upload_too_large' });
  assert.deepEqual(await readdir(t.dir), []);
});

test('an upload that pauses for too long, or whose sender goes away, ends and leaves nothing', async () => {
  await using t = await spool({ quietMs: 50 });
  await assert.rejects(t.uploads.receive({ filename: 'slow', bytes: stalling() }, never), {
    code: 'upload_interrupted',
  });
  const gone = new AbortController();
  const receiving = t.uploads.receive({ filename: 'gone', bytes: slowly(gone) }, gone.signal);
  await assert.rejects(receiving, { code: 'upload_interrupted' });
  assert.deepEqual(await readdir(t.dir), []);
});

async function* stalling(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('a');
  await new Promise(() => {});
}

async function* slowly(gone: AbortController): AsyncGenerator<Uint8Array> {
  yield Buffer.from('a');
  gone.abort();
  await sleep(20);
  yield Buffer.from('b');
}

test('with little room left on the disk nothing is taken', async () => {
  const disks = { space: async () => ({ freeBytes: 1_000, totalBytes: 1_000_000 }) };
  await using t = await spool({ disks, reserveBytes: 2_000 });
  await assert.rejects(t.uploads.receive({ filename: 'x', bytes: endless() }, never), { code: 'disk_low' });
  assert.deepEqual(await readdir(t.dir), []);
});

test(
  'on a full disk nothing is taken, in words; nothing of it stays, and with room it is taken',
  { skip: !mayMount },
  async () => {
    await using t = await spool({ maxBytes: 100_000_000 });
    await using disk = await mountSmallDisk(t.dir, 4);
    await writeFile(join(t.dir, 'other'), 'there before');
    const send = (bytes: number) => t.uploads.receive({ filename: 'big', bytes: pieces(bytes) }, never);
    await assert.rejects(send(8_000_000), { code: 'disk_full', message: /no space is left/ });
    {
      await using _full = await disk.fill();
      await assert.rejects(send(10_000), { code: 'disk_full' });
    }
    assert.deepEqual(await readdir(t.dir), ['other']);
    assert.equal((await send(1_000_000)).sizeBytes, 1_000_000);
    await disk.resize(16);
    assert.equal((await send(8_000_000)).sizeBytes, 8_000_000);
  },
);

async function* unread(): AsyncGenerator<Uint8Array> {
  yield assert.fail('it is read');
}

async function* pieces(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= 50_000) yield Buffer.alloc(Math.min(left, 50_000), 1);
}

test('5.9 what a process that was killed left half written is gone at the next start; what is whole stays', async () => {
  await using t = await spool();
  const [half, whole] = ['0197a000-0000-7000-8000-000000000001', '0197a000-0000-7000-8000-000000000002'];
  await writeFile(join(t.dir, `${half}.part`), 'half');
  await writeFile(join(t.dir, whole), 'whole');
  const next = await createUploadSpool({ dir: t.dir, maxBytes: 1_000_000, disks: systemDisks });
  assert.deepEqual([await next.list(0), await readdir(t.dir)], [[whole], [whole]]);
});

test('what comes in is nobody’s to remove, however long it takes, and when it is whole it has not been quiet yet', async () => {
  await using t = await spool();
  const [sent, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  async function* paused() {
    yield Buffer.from('a');
    sent.resolve();
    await end.promise;
  }
  const receiving = t.uploads.receive({ filename: 'slow', bytes: paused() }, never);
  await sent.promise;
  await sleep(300);
  assert.deepEqual(await t.uploads.list(0), []);
  end.resolve();
  const { id } = await receiving;
  assert.deepEqual([await t.uploads.list(250), await t.uploads.list(0)], [[], [id]]);
});

test('10 no more uploads come in at once than may, and whoever is refused has not been read', async () => {
  await using t = await spool({ atOnce: 2 });
  const gone = new AbortController();
  const coming = [1, 2].map(() => t.uploads.receive({ filename: 'slow', bytes: stalling() }, gone.signal));
  await assert.rejects(t.uploads.receive({ filename: 'third', bytes: unread() }, never), { code: 'too_busy' });
  gone.abort();
  for (const { status } of await Promise.allSettled(coming)) assert.equal(status, 'rejected');
  assert.equal((await t.uploads.receive({ filename: 'third', bytes: pieces(10) }, never)).sizeBytes, 10);
});

test('a file name is shown without directories and control characters, and an id is no path', async () => {
  await using t = await spool();
  const bytes = (async function* () {
    yield Buffer.from('x');
  })();
  const { filename } = await t.uploads.receive({ filename: '../../etc/\u001B[2Jpass wd', bytes }, never);
  assert.equal(filename, '2Jpass wd');
  await assert.rejects(t.uploads.path('../../etc/passwd'), { code: 'invalid_input' });
});
