import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemDisks } from '../../src/drivers/disk/system-disks.ts';
import { createUploadSpool, type SpoolOptions } from '../../src/drivers/uploads/spool.ts';
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

test('what a process that was killed left half written is found, and can be removed', async () => {
  await using t = await spool();
  const id = '0197a000-0000-7000-8000-000000000001';
  await writeFile(join(t.dir, `${id}.part`), 'half');
  assert.deepEqual(await t.uploads.list(0), [id]);
  await assert.rejects(t.uploads.path(id), { code: 'upload_gone' });
  await t.uploads.remove(id);
  assert.deepEqual(await readdir(t.dir), []);
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
