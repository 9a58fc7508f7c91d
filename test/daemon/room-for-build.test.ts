import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { defaultRetentionSettings, type RetentionSettings } from '../../src/domain/retention-settings.ts';
import { systemDisks } from '../../src/drivers/disk/system-disks.ts';
import { createFileLogStock } from '../../src/drivers/logs/files/log-stock.ts';
import { requireRoomForBuild } from '../../src/engine/workflows/room-for-build.ts';

const run = promisify(execFile);
const never = new AbortController().signal;

/** A disk of 1 MB, with so much of it taken. */
async function smallDisk(takenBytes: number) {
  const path = await mkdtemp('/tmp/cutover-test-room-');
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  await writeFile(join(path, 'filler'), Buffer.alloc(takenBytes));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
}

function ask(dataDirectory: string, docker: string, settings: Partial<RetentionSettings> = {}): Promise<void> {
  return requireRoomForBuild(
    {
      disks: systemDisks,
      images: { directory: async () => docker },
      store: { settings: async () => ({ ...defaultRetentionSettings, ...settings }) },
      dataDirectory,
    },
    never,
  );
}

const isRoot = process.getuid?.() === 0;

test(
  'a build is begun with a twentieth of a small disk free, on every disk that it fills',
  { skip: !isRoot },
  async () => {
    await using roomy = await smallDisk(500_000);
    await using tight = await smallDisk(1_020_000);
    await ask(roomy.path, roomy.path);
    await assert.rejects(ask(tight.path, roomy.path), { code: 'disk_low', message: /disk of the data directory/ });
    await assert.rejects(ask(roomy.path, tight.path), { code: 'disk_low', message: /disk of the directory of Docker/ });
    await ask(tight.path, tight.path, { minFreeBytes: 0 });
    await assert.rejects(ask(roomy.path, roomy.path, { minFreeBytes: 2_000_000 }), {
      code: 'disk_low',
      message: /2\.0 MB at least/,
    });
  },
);

test('a directory that is not there yet, or not on this machine, is looked for above', async () => {
  const { totalBytes } = await systemDisks.space('/tmp/cutover-test-nowhere/deep/inside');
  assert.equal(totalBytes, (await systemDisks.space('/tmp')).totalBytes);
});

test('logs are counted with everything below their name, and absent ones are nothing', async () => {
  const dir = await mkdtemp('/tmp/cutover-test-log-stock-');
  try {
    const stock = createFileLogStock({ dir });
    assert.equal(await stock.size('deployments/d1'), 0);
    await mkdir(join(dir, 'deployments', 'd1', 'deep'), { recursive: true });
    await writeFile(join(dir, 'deployments', 'd1', 'BuildImageJob.ndjson'), 'x'.repeat(10));
    await writeFile(join(dir, 'deployments', 'd1', 'deep', 'a.ndjson'), 'x'.repeat(3));
    await writeFile(join(dir, 'deployments', 'd2.ndjson'), 'x'.repeat(100));
    assert.deepEqual([await stock.size('deployments/d1'), await stock.size('deployments/d2')], [13, 100]);
    await assert.rejects(stock.size('../etc'), { code: 'invalid_input' });
  } finally {
    await rm(dir, { recursive: true });
  }
});
