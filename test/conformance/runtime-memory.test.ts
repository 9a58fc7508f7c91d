import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { createSeededRandom, SeededChance } from '../simulation/random.ts';
import { behaves, wellBehaved, type AppBehaviour, type CommandBehaviour } from '../simulation/memory/app-behaviour.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import { MemoryWorld } from '../simulation/memory/world.ts';
import { runtimeConformance } from './runtime.ts';
import { instanceSpec, limit, rejectsWith, type Errand, type Program, type RuntimeUnderTest } from './runtime-world.ts';

const errands: Readonly<Record<Exclude<Errand, 'absent'>, CommandBehaviour>> = {
  greet: { afterMs: 0, exitCode: 5, prints: 'out $GREETING\nerr\n' },
  flood: { afterMs: 0, exitCode: 0, prints: 'é\n'.repeat(2_000) },
  hang: { afterMs: null, exitCode: 0, prints: 'waiting\n' },
  silent: { afterMs: 300, exitCode: 4 },
  processes: { afterMs: 0, exitCode: 0, printsProcesses: true },
  write: { afterMs: 0, exitCode: 0, writes: { path: '/data/word', text: 'kept\n' } },
  read: { afterMs: 0, exitCode: 0, reads: '/data/word' },
};

const words: Readonly<Record<Errand, readonly string[]>> = {
  greet: ['greet'],
  absent: ['no-such-program'],
  flood: ['flood'],
  hang: ['hang', '54321'],
  silent: ['silent'],
  processes: ['processes'],
  write: ['write'],
  read: ['read'],
};

const out = (text: string, atMs = 0) => ({ atMs, stream: 'stdout', text }) as const;
const err = (text: string) => ({ atMs: 0, stream: 'stderr', text }) as const;

const programs: Readonly<Record<Program, Partial<AppBehaviour>>> = {
  serve: { ports: { open: [3000], loopbackOnly: [4000] } },
  'exit-3': { prints: [out('last words')], exits: { afterMs: 5, exitCode: 3 } },
  chatter: {
    prints: Array.from({ length: 200 }, (_, index) => [out(`out ${index + 1}`), err(`err ${index + 1}`)]).flat(),
  },
  'long-line': { prints: [out('x'.repeat(100_000)), out('after')] },
  stubborn: { prints: [out('ready')], ending: { afterMs: null, exitCode: 0 } },
  polite: { prints: [out('ready')], ending: { afterMs: 20, exitCode: 0, prints: 'bye' } },
  hungry: { exits: { afterMs: 20, exitCode: 137, outOfMemory: true } },
  flaky: { prints: [out('up')], exits: { afterMs: 300, exitCode: 1 } },
  busy: { prints: [out('ready')], uses: { cpuCores: 0.5, memoryBytes: 51_000_000 } },
};

const imageId = `sha256:${'1'.repeat(64)}`;

function createMachine() {
  const world = new MemoryWorld({ clock: systemClock, random: new SeededChance(1) });
  const commands = Object.fromEntries(
    Object.entries(programs).map(([name, change]) => [name, behaves({ ...change, commands: errands })]),
  );
  const app = { commands, processes: {}, otherwise: wellBehaved };
  world.images.add({ imageId, sizeBytes: 1_000, exposedPorts: [], labels: {}, app, files: new Map() }, 'app:1');
  const random = createSeededRandom(new SeededChance(2), () => systemClock.now());
  const plane = (life?: AbortSignal) =>
    memoryDrivers(world, { clock: systemClock, random, ...(life === undefined ? {} : { life }) }).runtime;
  return { world, plane, [Symbol.asyncDispose]: async () => world.end() };
}

async function create(): Promise<RuntimeUnderTest> {
  const machine = createMachine();
  return {
    runtime: machine.plane(),
    imageId,
    command: (program) => [program],
    errand: (errand) => words[errand],
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}

runtimeConformance('memory', create);

const spec = { ...instanceSpec, imageId, command: ['serve'] };

test('an engine that is down is told as such; when it is back the events begin with relist again', async () => {
  await using machine = createMachine();
  const runtime = machine.plane();
  await runtime.ensureNetwork('shop', limit());
  const events = runtime.events(limit())[Symbol.asyncIterator]();
  assert.deepEqual((await events.next()).value, { type: 'relist' });
  await runtime.start(spec, limit());
  await runtime.keepAlive('i1', limit());
  assert.deepEqual((await events.next()).value, { type: 'started', instanceId: 'i1' });
  machine.world.restartEngine(150, true);
  await rejectsWith('runtime_unavailable', runtime.list(limit()));
  assert.deepEqual((await events.next()).value, { type: 'relist' });
  const [status] = await runtime.list(limit());
  assert.equal(status?.running, true);
});

test('containers that live on without their engine are as they were; one that exits meanwhile is restarted after all', async () => {
  await using machine = createMachine();
  const runtime = machine.plane();
  await runtime.ensureNetwork('shop', limit());
  const before = await runtime.start(spec, limit());
  await runtime.start({ ...spec, instanceId: 'i2', command: ['flaky'] }, limit());
  await runtime.keepAlive('i2', limit());
  machine.world.restartEngine(500, false);
  const running = () => machine.world.containers.find('i2')?.isRunning;
  await untilTrue(() => running() === false);
  await untilTrue(() => machine.world.containers.isUp);
  assert.equal(running(), true);
  assert.deepEqual(await runtime.status('i1', limit()), before);
});

test('a control plane that dies while it stops an instance leaves it stopped and not removed; the next one removes it', async () => {
  await using machine = createMachine();
  const death = new AbortController();
  const dying = machine.plane(death.signal);
  await dying.ensureNetwork('shop', limit());
  await dying.start({ ...spec, command: ['polite'] }, limit());
  const stopping = dying.stop('i1', 5_000, limit());
  death.abort(new Error('killed'));
  await assert.rejects(stopping, /killed/);
  const next = machine.plane();
  assert.equal((await next.status('i1', limit()))?.exitCode, 0);
  await next.stop('i1', 5_000, limit());
  assert.deepEqual(await next.list(limit()), []);
});

test('an address that was given back may be another one’s, and a container may have another one after its restart', async () => {
  await using machine = createMachine();
  const runtime = machine.plane();
  await runtime.ensureNetwork('shop', limit());
  const addresses = new Set<string | null>();
  for (let round = 0; round < 20; round += 1) {
    addresses.add((await runtime.start(spec, limit())).address);
    await runtime.stop('i1', 0, limit());
  }
  assert.ok(addresses.size > 1 && addresses.size < 20, `${addresses.size} addresses`);
});

async function untilTrue(check: () => boolean): Promise<void> {
  while (!check()) await systemClock.sleep(10, limit());
}
