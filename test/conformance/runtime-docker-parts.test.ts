import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseApiVersion } from '../../src/drivers/runtime/docker/engine-connection.ts';
import { EventReader } from '../../src/drivers/runtime/docker/event-reader.ts';
import { OutputStart } from '../../src/drivers/runtime/docker/exec-output.ts';
import { parseRoutes } from '../../src/drivers/runtime/docker/host-routes.ts';
import { readStats } from '../../src/drivers/runtime/docker/instance-use.ts';
import { parseTable, summarise } from '../../src/drivers/runtime/docker/listening-ports.ts';
import { LogLines } from '../../src/drivers/runtime/docker/log-lines.ts';
import { readLogFrames } from '../../src/drivers/runtime/docker/log-frames.ts';
import { containerName, volumeName } from '../../src/drivers/runtime/docker/names.ts';
import { ResumePoint } from '../../src/drivers/runtime/docker/resume-point.ts';
import { formatRange, freeRanges, parseRange } from '../../src/drivers/runtime/docker/subnets.ts';
import type { Range } from '../../src/drivers/runtime/docker/subnets.ts';
import { instanceSpec } from './runtime-world.ts';

function range(text: string): Range {
  const parsed = parseRange(text);
  assert.ok(parsed);
  return parsed;
}

test('6.13: the API version is the newest both know; an engine newer than that gets its oldest', () => {
  assert.equal(chooseApiVersion('1.41', '1.12'), '1.41');
  assert.equal(chooseApiVersion('1.52', '1.44'), '1.44');
  assert.equal(chooseApiVersion('1.60', '1.50'), '1.50');
  assert.equal(chooseApiVersion('1.9', '1.0'), '1.9');
});

test('6.11: subnets skip every range that is in use, wider or narrower', () => {
  const taken = [range('10.210.0.0/26'), range('10.210.0.96/30'), range('10.0.0.0/24')];
  const free = freeRanges(range('10.210.0.0/24'), 26, taken);
  assert.deepEqual([...free].map(formatRange), ['10.210.0.128/26', '10.210.0.192/26']);
  assert.deepEqual([...freeRanges(range('10.210.0.0/24'), 26, [range('10.128.0.0/9')])], []);
  assert.equal([...freeRanges(range('10.210.0.0/16'), 26, [])].length, 1024);
});

test('a pool that is not an IPv4 range is none', () => {
  for (const text of ['10.210.0.0', '10.210.0/16', '10.256.0.0/16', '10.0.0.0/33', 'fd00::/8', ''])
    assert.equal(parseRange(text), null, text);
  assert.equal(formatRange(range('255.255.255.255/30')), '255.255.255.252/30');
});

test('the routes of the machine are read without the default one', () => {
  const rows = [
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000',
    'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF',
    'tun0\t0000000A\t0\t1\t0\t0\t0\t000000FF',
  ];
  assert.deepEqual(parseRoutes(`Iface\tDestination\n${rows.join('\n')}\n`).map(formatRange), [
    '172.17.0.0/16',
    '10.0.0.0/8',
  ]);
});

test('the kernel’s tables tell listeners of both families; Docker’s name server is not the app’s', () => {
  const tcp = [
    '  sl local rem st',
    '0: 0100007F:0FA0 00000000:0000 0A',
    '1: 0B00007F:8001 00000000:0000 0A',
    '2: 00000000:1F90 00000000:0000 0A',
    '3: 0302D20A:1F90 0102D20A:C000 01',
  ];
  const tcp6 = [
    '  sl local rem st',
    '0: 00000000000000000000000001000000:0BB9 0:0 0A',
    '1: 00000000000000000000000000000000:0BB8 0:0 0A',
    '2: 0000000000000000FFFF00000100007F:0BBA 0:0 0A',
  ];
  const listeners = [tcp, tcp6].flatMap((lines) => parseTable(lines.join('\n')));
  assert.deepEqual(summarise(listeners), { open: [3000, 8080], loopbackOnly: [3001, 3002, 4000] });
  assert.deepEqual(parseTable(''), []);
});

function frame(stream: 1 | 2, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

test('frames cut anywhere by the network come out whole', async () => {
  const bytes = Buffer.concat([frame(1, 't1 one\n'), frame(2, 't2 zwö\n'), frame(1, 't3 \n')]);
  async function* byteByByte() {
    for (const byte of bytes) yield Buffer.from([byte]);
  }
  const frames = [];
  for await (const { stream, payload } of readLogFrames(byteByByte())) frames.push([stream, payload.toString()]);
  assert.deepEqual(frames, [
    ['stdout', 't1 one\n'],
    ['stderr', 't2 zwö\n'],
    ['stdout', 't3 \n'],
  ]);
});

const at = (second: number): string => `2030-01-01T00:00:0${second}.000000001Z`;

test('pieces of a long line are joined, also with the other stream’s lines between and a character cut in half', () => {
  const lines = new LogLines();
  const [first, second] = [Buffer.from(`${at(1)} aé`).subarray(0, -1), Buffer.from('é').subarray(1)];
  assert.equal(lines.take({ stream: 'stdout', payload: first }), null);
  assert.deepEqual(lines.take({ stream: 'stderr', payload: Buffer.from(`${at(2)} e\n`) }), {
    stream: 'stderr',
    position: at(2),
    text: 'e',
  });
  const last = Buffer.concat([Buffer.from(`${at(1)} `), second, Buffer.from('b\n')]);
  assert.deepEqual(lines.take({ stream: 'stdout', payload: last }), { stream: 'stdout', position: at(1), text: 'aéb' });
});

test('a line of more than 1 MiB is left out as a whole, which is said once, and the next one is not', () => {
  const lines = new LogLines();
  const piece = Buffer.from(`${at(1)} ${'x'.repeat(16_384)}`);
  const said = Array.from({ length: 100 }, () => lines.take({ stream: 'stdout', payload: piece })).filter(
    (chunk) => chunk !== null,
  );
  assert.deepEqual(said, [{ stream: 'stdout', position: at(1), text: '— a line of more than 1 MiB is left out —' }]);
  assert.equal(lines.take({ stream: 'stdout', payload: Buffer.from(`${at(1)} end\n`) }), null);
  assert.equal(lines.take({ stream: 'stdout', payload: Buffer.from(`${at(2)} next\n`) })?.text, 'next');
});

test('rule 3.4: a line of 1 MiB is one line, so that a secret anywhere in it can be recognised', () => {
  const lines = new LogLines();
  const pieces = Array.from({ length: 63 }, () => Buffer.from(`${at(1)} ${'x'.repeat(16_384)}`));
  for (const payload of pieces) assert.equal(lines.take({ stream: 'stdout', payload }), null);
  const line = lines.take({ stream: 'stdout', payload: Buffer.from(`${at(1)} end\n`) });
  assert.equal(line?.text.length, 63 * 16_384 + 3);
});

test('the last line without a newline is not lost', () => {
  const lines = new LogLines();
  assert.equal(lines.take({ stream: 'stdout', payload: Buffer.from(`${at(1)} prompt> `) }), null);
  assert.deepEqual(lines.rest(), [{ stream: 'stdout', position: at(1), text: 'prompt> ' }]);
  assert.deepEqual(lines.rest(), []);
});

test('reading goes on after the last line in the order of the log, not of the timestamps', () => {
  const resume = new ResumePoint(at(5));
  assert.equal(resume.sinceSeconds(), Date.parse('2030-01-01T00:00:04Z') / 1000);
  assert.deepEqual(
    [at(4), at(6), at(5), at(4), at(6)].map((position) => resume.isAfter(position)),
    [false, false, false, true, true],
  );
});

test('a position that rotation removed does not hold reading up', () => {
  const resume = new ResumePoint(at(1));
  assert.deepEqual(
    [at(3), at(2), at(4)].map((position) => resume.isAfter(position)),
    [true, true, true],
  );
});

test('names are legal for Docker, bounded, and differ when they are cut', () => {
  const long = { ...instanceSpec, project: 'a'.repeat(300) };
  const names = ['i1', 'i2'].map((instanceId) => containerName('p', { ...long, instanceId }));
  assert.notEqual(names[0], names[1]);
  for (const name of [...names, containerName('p', { ...instanceSpec, environment: 'feature/ü x' })])
    assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,120}$/);
});

test('4.1: volumes of different owners never have the same name, and the names are legal for Docker', () => {
  const long = 'a'.repeat(40);
  const volumes = [
    { project: 'a-b', environment: 'c', name: 'd' },
    { project: 'a', environment: 'b-c', name: 'd' },
    { project: 'a', environment: 'b', name: 'c-d' },
    { project: long, environment: long, name: 'data' },
    { project: long, environment: long, name: 'data2' },
  ];
  const names = [
    ...volumes.map((volume) => volumeName('p', volume)),
    volumeName('p-a', { project: 'b', environment: 'b-c', name: 'd' }),
  ];
  assert.equal(new Set(names).size, names.length, names.join(' '));
  for (const name of names) assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,120}$/);
});

function event(action: string, second: number, exitCode?: string): string {
  const attributes = { 'cutover.instance': 'i1', ...(exitCode === undefined ? {} : { exitCode }) };
  return JSON.stringify({ Action: action, Actor: { ID: 'c1', Attributes: attributes }, timeNano: second * 1e9 });
}

function exited(second: number, exitCode: number | null, outOfMemory: boolean) {
  return { type: 'exited', instanceId: 'i1', containerId: 'c1', at: second * 1_000, exitCode, outOfMemory };
}

test('8: an exit that follows a kill for memory is put down to it, a later one is not, nor one after a new start', () => {
  const reader = new EventReader();
  const lines = [
    event('oom', 100),
    event('die', 101, '137'),
    event('start', 102),
    event('die', 103, '1'),
    event('oom', 200),
    event('die', 260, '1'),
    event('oom', 300),
    event('start', 301),
    event('die', 302, '1'),
  ];
  const events = lines.map((line) => reader.take(line)).filter((seen) => seen !== null);
  assert.deepEqual(events, [
    exited(101, 137, true),
    { type: 'started', instanceId: 'i1' },
    exited(103, 1, false),
    exited(260, 1, false),
    { type: 'started', instanceId: 'i1' },
    exited(302, 1, false),
  ]);
});

test('an exit code that Docker does not tell is null; what is not an instance’s is no event', () => {
  const reader = new EventReader();
  assert.deepEqual(reader.take(event('die', 1)), exited(1, null, false));
  assert.equal(reader.take(event('exec_die', 1, '5')), null);
  assert.equal(reader.take(JSON.stringify({ Action: 'die', Actor: { Attributes: {} } })), null);
  assert.equal(reader.take(''), null);
});

test('the start of an output is cut at 2,000 characters, never within one, whatever the frames are', () => {
  const bytes = Buffer.from(`a${'😀'.repeat(3_000)}`);
  for (const size of [1, 7, 1_000, bytes.length]) {
    const output = new OutputStart();
    for (let from = 0; from < bytes.length; from += size)
      output.take({ stream: 'stdout', payload: bytes.subarray(from, from + size) });
    assert.equal(output.text(), `a${'😀'.repeat(999)}`, `in frames of ${size}`);
  }
});

test('characters cut between frames are put together per stream', () => {
  const output = new OutputStart();
  const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
  output.take({ stream: 'stdout', payload: first });
  output.take({ stream: 'stderr', payload: Buffer.from('e') });
  output.take({ stream: 'stdout', payload: second });
  assert.equal(output.text(), 'eé');
});

test('2.6: memory is what is used without inactive page cache, by the name that each cgroup version has for it', () => {
  const cpu = { cpu_usage: { total_usage: 2_500_000_000 } };
  const memory = (stats: object) => readStats({ cpu_stats: cpu, memory_stats: { usage: 1_000, stats } });
  // With groups below, v1 counts them in the total only.
  assert.deepEqual(memory({ total_inactive_file: 300, inactive_file: 100 }), { cpuSeconds: 2.5, memoryBytes: 700 });
  assert.deepEqual(memory({ inactive_file: 400 }), { cpuSeconds: 2.5, memoryBytes: 600 });
  assert.deepEqual(memory({ inactive_file: 1_001 }), { cpuSeconds: 2.5, memoryBytes: 1_000 });
  assert.deepEqual(memory({}), { cpuSeconds: 2.5, memoryBytes: 1_000 });
});

test('2.6: an answer about a container that has just ended has no figures in it', () => {
  assert.equal(readStats({ cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {} }), null);
  assert.equal(readStats({}), null);
});
