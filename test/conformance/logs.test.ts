import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createFileLogs } from '../../src/drivers/logs/files/file-logs.ts';
import type { LogLine, Logs } from '../../src/engine/ports/logs.ts';
import { logName as name, logsConformance } from './logs.ts';

const run = promisify(execFile);
const plain = (text: string) => text;

async function setUp(options: { maxBytes?: number } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-test-logs-'));
  const file = join(dir, `${name}.ndjson`);
  const open = () => createFileLogs({ dir, log: { warn: () => undefined }, ...options });
  return {
    dir,
    file,
    logs: open(),
    reopened: open,
    crash: async () => {
      await appendFile(file, '{"t":1,"s":"o","m":"half a li');
      return open();
    },
    stored: () => readFile(file, 'utf8'),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

logsConformance('files', setUp);

function line(text: string): LogLine {
  return { at: 1_700_000_000_000, stream: 'stdout', text };
}

async function writeAll(logs: Logs, texts: readonly string[]): Promise<void> {
  await using writer = await logs.open(name, plain);
  for (const text of texts) await writer.write(line(text));
}

const texts = (entries: readonly LogLine[]) => entries.map((entry) => entry.text);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);

describe('files: room', () => {
  test('a log that reaches its limit says so, once, and also after it is opened again', async () => {
    await using t = await setUp({ maxBytes: 10_000 });
    await writeAll(t.logs, numbers(1000));
    await writeAll(t.logs, numbers(10));
    const read = texts(await t.logs.tail(name, 10_000));
    assert.ok((await stat(t.file)).size <= 10_000);
    assert.ok(read.length > 100);
    assert.match(String(read.at(-1)), /reached its limit of 10000 bytes/);
    assert.equal(read.filter((text) => text.includes('limit')).length, 1);
  });

  test(
    'a full disk refuses the producer, and the log goes on when there is room again',
    { skip: process.getuid?.() !== 0 && 'needs root to mount a small disk' },
    async () => {
      await using t = await setUp();
      const small = join(t.dir, 'deployments');
      await mkdir(small);
      await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]);
      try {
        const writer = await t.logs.open(name, plain);
        const flood = async () => {
          for (;;) await writer.write(line('z'.repeat(1000)));
        };
        await assert.rejects(flood(), { code: 'disk_full' });
        await assert.rejects(writer.write(line('lost')), { code: 'disk_full' });
        await assert.rejects(writer.flush(), { code: 'disk_full' });
        await run('mount', ['-o', 'remount,size=8m', small]);
        await writer.flush();
        await writer.write(line('after'));
        await writer[Symbol.asyncDispose]();
        const read = texts(await t.logs.tail(name, 2));
        assert.match(read[0] ?? '', /lines are missing/);
        assert.equal(read[1], 'after');
      } finally {
        await run('umount', [small]);
      }
    },
  );
});
