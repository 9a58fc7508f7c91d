import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LogEntry, LogLine, Logs } from '../../src/engine/ports/logs.ts';

const never = new AbortController().signal;
const plain = (text: string) => text;
/** The log that the suite writes. */
export const logName = 'deployments/d1/BuildImageJob';

export interface LogsUnderTest extends AsyncDisposable {
  readonly logs: Logs;
  /** Another process. */
  readonly reopened: () => Logs;
  /** The process that wrote dies in the middle of a line; resolves to the next one's. */
  readonly crash: () => Promise<Logs>;
  /** The log as it is kept, a line of text for each of its lines. */
  readonly stored: () => Promise<string>;
}

function line(text: string, position?: string): LogLine {
  return { at: 1_700_000_000_000, stream: 'stdout', text, ...(position === undefined ? {} : { position }) };
}

async function writeAll(logs: Logs, texts: readonly string[]): Promise<void> {
  await using writer = await logs.open(logName, plain);
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

/** The promises of `src/engine/ports/logs.ts`, to be kept by every driver. */
export function logsConformance(driver: string, setUp: () => Promise<LogsUnderTest>): void {
  describe(`${driver}: reading`, () => {
    test('gives every line with its time, stream and position, in order', async () => {
      await using t = await setUp();
      const lines: LogLine[] = [
        { at: 1, stream: 'stdout', text: 'a "quoted" \\ ü 🎉', position: 'p1' },
        { at: 2, stream: 'stderr', text: '' },
        { at: 3, stream: 'system', text: 'c', position: 'p3' },
      ];
      {
        await using writer = await t.logs.open(logName, plain);
        for (const each of lines) await writer.write(each);
      }
      const read = await collect(t.logs.read(logName, { offset: 0, follow: false }, never));
      assert.deepEqual(
        read.map((entry) => ({ ...entry, next: undefined })),
        lines.map((each) => ({ ...each, next: undefined })),
      );
    });

    test('goes on exactly behind any line', async () => {
      await using t = await setUp();
      await writeAll(t.logs, numbers(500));
      const all = await collect(t.logs.read(logName, { offset: 0, follow: false }, never));
      for (const at of [0, 1, 250, 498, 499]) {
        const rest = await collect(t.logs.read(logName, { offset: all.at(at)?.next ?? 0, follow: true }, never));
        assert.deepEqual(texts(rest), numbers(500).slice(at + 1));
      }
    });

    test('an offset in the middle of a line goes on to the next whole line; one behind the end gives nothing', async () => {
      await using t = await setUp();
      await writeAll(t.logs, numbers(10));
      const all = await collect(t.logs.read(logName, { offset: 0, follow: false }, never));
      for (const offset of [(all.at(3)?.next ?? 0) + 1, (all.at(4)?.next ?? 0) - 1]) {
        const rest = await collect(t.logs.read(logName, { offset, follow: false }, never));
        assert.deepEqual(texts(rest), numbers(10).slice(5));
      }
      assert.deepEqual(await collect(t.logs.read(logName, { offset: 1e9, follow: true }, never)), []);
    });

    test('a log that does not exist is empty', async () => {
      await using t = await setUp();
      assert.deepEqual(await collect(t.logs.read(logName, { offset: 7, follow: false }, never)), []);
      assert.deepEqual(await t.logs.tail(logName, 5), []);
    });

    test('a reader that does not follow sees what was written just before', async () => {
      await using t = await setUp();
      await using writer = await t.logs.open(logName, plain);
      await writer.write(line('just now'));
      assert.deepEqual(texts(await collect(t.logs.read(logName, { offset: 0, follow: false }, never))), ['just now']);
      assert.deepEqual(texts(await t.logs.tail(logName, 1)), ['just now']);
    });
  });

  describe(`${driver}: following`, () => {
    test('a hundred followers, fast and slow, get every line once and end when the log is closed', async () => {
      await using t = await setUp();
      const followers = Array.from({ length: 100 }, async (_, i) => {
        const seen: string[] = [];
        for await (const entry of t.logs.read(logName, { offset: 0, follow: true }, never)) {
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
      await using writer = await t.logs.open(logName, plain);
      const first = collect(t.logs.read(logName, { offset: 0, follow: true }, never), 1);
      const before = performance.now();
      await writer.write(line('hello'));
      assert.deepEqual(texts(await first), ['hello']);
      assert.ok(performance.now() - before < 300);
    });

    test('starts before the log exists', async () => {
      await using t = await setUp();
      const followed = collect(t.logs.read(logName, { offset: 0, follow: true }, never));
      await writeAll(t.logs, ['a', 'b']);
      assert.deepEqual(texts(await followed), ['a', 'b']);
    });

    test('a log that was closed is complete for a reader in a later process', async () => {
      await using t = await setUp();
      await writeAll(t.logs, ['a']);
      const followed = await collect(t.reopened().read(logName, { offset: 0, follow: true }, never));
      assert.deepEqual(texts(followed), ['a']);
    });

    test('a log that a crash left is not: the follower waits until somebody opens and closes it', async () => {
      await using t = await setUp();
      const writer = await t.logs.open(logName, plain);
      await writer.write(line('a'));
      await writer.flush();
      const logs = await t.crash();
      const followed = collect(logs.read(logName, { offset: 0, follow: true }, never));
      const controller = new AbortController();
      const aborted = collect(logs.read(logName, { offset: 0, follow: true }, controller.signal));
      const rejected = assert.rejects(aborted, /gone/);
      controller.abort(new Error('gone'));
      await rejected;
      await writeAll(logs, ['b']);
      assert.deepEqual(texts(await followed), ['a', 'b']);
    });

    test('an abort ends the follower with its reason and leaves no file open', async () => {
      await using t = await setUp();
      await using writer = await t.logs.open(logName, plain);
      await writer.write(line('a'));
      const controller = new AbortController();
      const seen: string[] = [];
      const followed = (async () => {
        for await (const entry of t.logs.read(logName, { offset: 0, follow: true }, controller.signal)) {
          seen.push(entry.text);
          controller.abort(new Error('the viewer left'));
        }
      })();
      await assert.rejects(followed, /the viewer left/);
      assert.deepEqual(seen, ['a']);
    });
  });

  describe(`${driver}: writing`, () => {
    test('masks before a line reaches the disk, also what redraws and colours would have hidden', async () => {
      await using t = await setUp();
      {
        await using writer = await t.logs.open(logName, (text) => text.replaceAll('secret-1', '••••••'));
        await writer.write(line('a secret-1 b'));
        await writer.write(line('\u0000secret\u0007-1\u001b[K'));
        await writer.write(line(`${'x'.repeat(16 * 1024 - 4)}secret-1`));
        await writer.write(line('secret-1\nsecret-1\r'));
      }
      const stored = await t.stored();
      assert.doesNotMatch(stored, /secret-1/);
      assert.equal(stored.match(/••••••/g)?.length, 4, 'and one that is cut in two');
    });

    test('redraws, escapes and long lines are cut to what a page can show', async () => {
      await using t = await setUp();
      await writeAll(t.logs, ['10%\r100%', '\u001b[31mred\u001b[0m\u001b[2K', 'y'.repeat(40_000)]);
      const read = texts(await t.logs.tail(logName, 10));
      assert.deepEqual(read.slice(0, 2), ['100%', '\u001b[31mred\u001b[0m']);
      assert.deepEqual(
        read.slice(2).map((text) => text.length),
        [16_384, 16_384, 40_000 - 32_768],
      );
    });

    test('one writer per log', async () => {
      await using t = await setUp();
      {
        await using writer = await t.logs.open(logName, plain);
        await writer.write(line('first'));
        await assert.rejects(t.logs.open(logName, plain), /open already/);
      }
      const again = await t.logs.open(logName, plain);
      await again[Symbol.asyncDispose]();
      await assert.rejects(again.write(line('late')), /closed/);
    });

    test('the position of the last line is known again after a crash', async () => {
      await using t = await setUp();
      const writer = await t.logs.open(logName, plain);
      assert.equal(writer.lastPosition(), null);
      await writer.write(line('a', '2026-01-01T00:00:00.000000001Z'));
      await writer.write(line('a system line has none'));
      assert.equal(writer.lastPosition(), '2026-01-01T00:00:00.000000001Z');
      await writer.flush();
      await using next = await (await t.crash()).open(logName, plain);
      assert.equal(next.lastPosition(), '2026-01-01T00:00:00.000000001Z');
      await next.write(line('b', 'p2'));
      await next.flush();
      const read = await collect(t.reopened().read(logName, { offset: 0, follow: false }, never));
      assert.deepEqual(texts(read), ['a', 'a system line has none', 'b']);
    });

    test('a log that was closed goes on without a trace of the end', async () => {
      await using t = await setUp();
      await writeAll(t.logs, ['a']);
      const [a] = await collect(t.logs.read(logName, { offset: 0, follow: true }, never));
      await writeAll(t.logs, ['b']);
      assert.deepEqual(texts(await collect(t.logs.read(logName, { offset: a?.next ?? 0, follow: true }, never))), [
        'b',
      ]);
      assert.deepEqual(texts(await t.logs.tail(logName, 9)), ['a', 'b']);
    });

    test('flush puts everything on the disk', async () => {
      await using t = await setUp();
      await using writer = await t.logs.open(logName, plain);
      for (const text of numbers(1000)) void writer.write(line(text));
      await writer.flush();
      const stored = await t.stored();
      assert.equal(stored.trim().split('\n').length, 1000);
    });
  });

  test(`${driver}: the tail comes from the end, whatever the size`, async () => {
    await using t = await setUp();
    const lines = numbers(20_000);
    await writeAll(t.logs, lines);
    assert.deepEqual(texts(await t.logs.tail(logName, 50)), lines.slice(-50));
    assert.deepEqual(texts(await t.logs.tail(logName, 5000)), lines.slice(-5000));
    assert.deepEqual(texts(await t.logs.tail(logName, 1e6)), lines);
    assert.deepEqual(await t.logs.tail(logName, 0), []);
  });

  test(`${driver}: removing takes one log or all below a prefix, and nothing beside it`, async () => {
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

  test(`${driver}: names that lead elsewhere are refused`, async () => {
    await using t = await setUp();
    for (const bad of ['', '..', '../x', '/etc/x', 'a//b', 'a/../b', 'a/.b', 'a b', 'a\0b']) {
      await assert.rejects(t.logs.open(bad, plain), { code: 'invalid_input' }, bad);
      await assert.rejects(t.logs.remove(bad), { code: 'invalid_input' }, bad);
      await assert.rejects(t.logs.tail(bad, 1), { code: 'invalid_input' }, bad);
    }
  });
}
