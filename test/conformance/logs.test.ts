import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createFileLogs } from '../../src/drivers/logs/files/file-logs.ts';
import type { LogEntry, LogLine, Logs } from '../../src/engine/ports/logs.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const plain = (text: string) => text;
const name = 'deployments/d1/BuildImageJob';

async function setUp(options: { maxBytes?: number } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-test-logs-'));
  const warnings: object[] = [];
  const open = () => createFileLogs({ dir, log: { warn: (details) => warnings.push(details) }, ...options });
  return {
    dir,
    warnings,
    logs: open(),
    /** Another process, as far as the driver can tell. */
    reopened: open,
    file: join(dir, `${name}.ndjson`),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

function line(text: string, position?: string): LogLine {
  return { at: 1_700_000_000_000, stream: 'stdout', text, ...(position === undefined ? {} : { position }) };
}

async function writeAll(logs: Logs, texts: readonly string[]): Promise<void> {
  await using writer = await logs.open(name, plain);
  for (const text of texts) await writer.write(line(text));
}

async function collect(entries: AsyncIterable<LogEntry>, limit = Infinity): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  for await (const entry of entries) {
    all.push(entry);
    if (all.length >= limit) break;
  }
  return all;
}

const texts = (entries: readonly LogLine[]) => entries.map((entry) => entry.text);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);

describe('reading', () => {
  test('gives every line with its time, stream and position, in order', async () => {
    await using t = await setUp();
    const lines: LogLine[] = [
      { at: 1, stream: 'stdout', text: 'a "quoted" \\ ü 🎉', position: 'p1' },
      { at: 2, stream: 'stderr', text: '' },
      { at: 3, stream: 'system', text: 'c', position: 'p3' },
    ];
    {
      await using writer = await t.logs.open(name, plain);
      for (const each of lines) await writer.write(each);
    }
    const read = await collect(t.logs.read(name, { offset: 0, follow: false }, never));
    assert.deepEqual(
      read.map((entry) => ({ ...entry, next: undefined })),
      lines.map((each) => ({ ...each, next: undefined })),
    );
  });

  test('goes on exactly behind any line', async () => {
    await using t = await setUp();
    await writeAll(t.logs, numbers(500));
    const all = await collect(t.logs.read(name, { offset: 0, follow: false }, never));
    for (const at of [0, 1, 250, 498, 499]) {
      const rest = await collect(t.logs.read(name, { offset: all.at(at)?.next ?? 0, follow: true }, never));
      assert.deepEqual(texts(rest), numbers(500).slice(at + 1));
    }
  });

  test('an offset in the middle of a line goes on to the next whole line; one behind the end gives nothing', async () => {
    await using t = await setUp();
    await writeAll(t.logs, numbers(10));
    const all = await collect(t.logs.read(name, { offset: 0, follow: false }, never));
    for (const offset of [(all.at(3)?.next ?? 0) + 1, (all.at(4)?.next ?? 0) - 1]) {
      const rest = await collect(t.logs.read(name, { offset, follow: false }, never));
      assert.deepEqual(texts(rest), numbers(10).slice(5));
    }
    assert.deepEqual(await collect(t.logs.read(name, { offset: 1e9, follow: true }, never)), []);
  });

  test('a log that does not exist is empty', async () => {
    await using t = await setUp();
    assert.deepEqual(await collect(t.logs.read(name, { offset: 7, follow: false }, never)), []);
    assert.deepEqual(await t.logs.tail(name, 5), []);
  });

  test('a reader that does not follow sees what was written just before', async () => {
    await using t = await setUp();
    await using writer = await t.logs.open(name, plain);
    await writer.write(line('just now'));
    assert.deepEqual(texts(await collect(t.logs.read(name, { offset: 0, follow: false }, never))), ['just now']);
    assert.deepEqual(texts(await t.logs.tail(name, 1)), ['just now']);
  });
});

describe('following', () => {
  test('a hundred followers, fast and slow, get every line once and end when the log is closed', async () => {
    await using t = await setUp();
    const followers = Array.from({ length: 100 }, async (_, i) => {
      const seen: string[] = [];
      for await (const entry of t.logs.read(name, { offset: 0, follow: true }, never)) {
        seen.push(entry.text);
        if (i % 10 === 0 && seen.length % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return seen;
    });
    await new Promise((resolve) => setImmediate(resolve));
    await writeAll(t.logs, numbers(3000));
    for (const seen of await Promise.all(followers)) assert.deepEqual(seen, numbers(3000));
  });

  test('a line reaches a follower within 300 ms without a flush', async () => {
    await using t = await setUp();
    await using writer = await t.logs.open(name, plain);
    const first = collect(t.logs.read(name, { offset: 0, follow: true }, never), 1);
    const before = performance.now();
    await writer.write(line('hello'));
    assert.deepEqual(texts(await first), ['hello']);
    assert.ok(performance.now() - before < 300);
  });

  test('starts before the log exists', async () => {
    await using t = await setUp();
    const followed = collect(t.logs.read(name, { offset: 0, follow: true }, never));
    await writeAll(t.logs, ['a', 'b']);
    assert.deepEqual(texts(await followed), ['a', 'b']);
  });

  test('a log that was closed is complete for a reader in a later process', async () => {
    await using t = await setUp();
    await writeAll(t.logs, ['a']);
    const followed = await collect(t.reopened().read(name, { offset: 0, follow: true }, never));
    assert.deepEqual(texts(followed), ['a']);
  });

  test('a log that a crash left is not: the follower waits until somebody opens and closes it', async () => {
    await using t = await setUp();
    await writeAll(t.logs, ['a']);
    const whole = await readFile(t.file, 'utf8');
    await rm(t.file);
    await appendFile(t.file, `${whole.split('\n')[0]}\n{"t":1,"s":"o","m":"half a li`);
    const logs = t.reopened();
    const followed = collect(logs.read(name, { offset: 0, follow: true }, never));
    const controller = new AbortController();
    const aborted = collect(logs.read(name, { offset: 0, follow: true }, controller.signal));
    const rejected = assert.rejects(aborted, /gone/);
    controller.abort(new Error('gone'));
    await rejected;
    await writeAll(logs, ['b']);
    assert.deepEqual(texts(await followed), ['a', 'b']);
  });

  test('an abort ends the follower with its reason and leaves no file open', async () => {
    await using t = await setUp();
    await using writer = await t.logs.open(name, plain);
    await writer.write(line('a'));
    const controller = new AbortController();
    const seen: string[] = [];
    const followed = (async () => {
      for await (const entry of t.logs.read(name, { offset: 0, follow: true }, controller.signal)) {
        seen.push(entry.text);
        controller.abort(new Error('the viewer left'));
      }
    })();
    await assert.rejects(followed, /the viewer left/);
    assert.deepEqual(seen, ['a']);
  });
});

describe('writing', () => {
  test('masks before a line reaches the disk, also what redraws and colours would have hidden', async () => {
    await using t = await setUp();
    {
      await using writer = await t.logs.open(name, (text) => text.replaceAll('secret-1', '••••••'));
      await writer.write(line('a secret-1 b'));
      await writer.write(line('\u0000secret\u0007-1\u001b[K'));
      await writer.write(line(`${'x'.repeat(16 * 1024 - 4)}secret-1`));
      await writer.write(line('secret-1\nsecret-1\r'));
    }
    const stored = await readFile(t.file, 'utf8');
    assert.doesNotMatch(stored, /secret-1/);
    assert.equal(stored.match(/••••••/g)?.length, 4, 'and one that is cut in two');
  });

  test('redraws, escapes and long lines are cut to what a page can show', async () => {
    await using t = await setUp();
    await writeAll(t.logs, ['10%\r100%', '\u001b[31mred\u001b[0m\u001b[2K', 'y'.repeat(40_000)]);
    const read = texts(await t.logs.tail(name, 10));
    assert.deepEqual(read.slice(0, 2), ['100%', '\u001b[31mred\u001b[0m']);
    assert.deepEqual(
      read.slice(2).map((text) => text.length),
      [16_384, 16_384, 40_000 - 32_768],
    );
  });

  test('one writer per log', async () => {
    await using t = await setUp();
    {
      await using writer = await t.logs.open(name, plain);
      await writer.write(line('first'));
      await assert.rejects(t.logs.open(name, plain), /open already/);
    }
    const again = await t.logs.open(name, plain);
    await again[Symbol.asyncDispose]();
    await assert.rejects(again.write(line('late')), /closed/);
  });

  test('the position of the last line is known again after a crash', async () => {
    await using t = await setUp();
    const writer = await t.logs.open(name, plain);
    assert.equal(writer.lastPosition(), null);
    await writer.write(line('a', '2026-01-01T00:00:00.000000001Z'));
    await writer.write(line('a system line has none'));
    assert.equal(writer.lastPosition(), '2026-01-01T00:00:00.000000001Z');
    await writer.flush();
    // The crash: this writer is never closed, and the file ends in half a line.
    await appendFile(t.file, '{"t":1,"s":"o","m":"ha');
    await using next = await t.reopened().open(name, plain);
    assert.equal(next.lastPosition(), '2026-01-01T00:00:00.000000001Z');
    await next.write(line('b', 'p2'));
    await next.flush();
    const read = await collect(t.reopened().read(name, { offset: 0, follow: false }, never));
    assert.deepEqual(texts(read), ['a', 'a system line has none', 'b']);
  });

  test('a log that was closed goes on without a trace of the end', async () => {
    await using t = await setUp();
    await writeAll(t.logs, ['a']);
    const [a] = await collect(t.logs.read(name, { offset: 0, follow: true }, never));
    await writeAll(t.logs, ['b']);
    assert.deepEqual(texts(await collect(t.logs.read(name, { offset: a?.next ?? 0, follow: true }, never))), ['b']);
    assert.deepEqual(texts(await t.logs.tail(name, 9)), ['a', 'b']);
  });

  test('flush puts everything into the file', async () => {
    await using t = await setUp();
    await using writer = await t.logs.open(name, plain);
    for (const text of numbers(1000)) void writer.write(line(text));
    await writer.flush();
    const stored = await readFile(t.file, 'utf8');
    assert.equal(stored.trim().split('\n').length, 1000);
  });

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

test('the tail comes from the end, whatever the size', async () => {
  await using t = await setUp();
  const lines = numbers(20_000);
  await writeAll(t.logs, lines);
  assert.deepEqual(texts(await t.logs.tail(name, 50)), lines.slice(-50));
  assert.deepEqual(texts(await t.logs.tail(name, 5000)), lines.slice(-5000));
  assert.deepEqual(texts(await t.logs.tail(name, 1e6)), lines);
  assert.deepEqual(await t.logs.tail(name, 0), []);
});

test('removing takes one log or all below a prefix, and nothing beside it', async () => {
  await using t = await setUp();
  for (const each of ['deployments/d1/a', 'deployments/d1/b', 'deployments/d10/a']) {
    await using writer = await t.logs.open(each, plain);
    await writer.write(line('x'));
  }
  await t.logs.remove('deployments/d1/a');
  assert.equal((await t.logs.tail('deployments/d1/a', 1)).length, 0);
  assert.equal((await t.logs.tail('deployments/d1/b', 1)).length, 1);
  await t.logs.remove('deployments/d1/');
  assert.equal((await t.logs.tail('deployments/d1/b', 1)).length, 0);
  assert.equal((await t.logs.tail('deployments/d10/a', 1)).length, 1);
});

test('names that lead elsewhere are refused', async () => {
  await using t = await setUp();
  for (const bad of ['', '..', '../x', '/etc/x', 'a//b', 'a/../b', 'a/.b', 'a b', 'a\0b']) {
    await assert.rejects(t.logs.open(bad, plain), { code: 'invalid_input' }, bad);
    await assert.rejects(t.logs.remove(bad), { code: 'invalid_input' }, bad);
    await assert.rejects(t.logs.tail(bad, 1), { code: 'invalid_input' }, bad);
  }
});
