import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentSchema } from '../../src/contract/schemas/environment.ts';
import { CliUnderTest } from './cli-run.ts';

const set = ['environments', 'set', 'production', '-p', 'my-app'];

async function settingsAfter(cli: CliUnderTest, ...options: readonly string[]) {
  const result = await cli.run([...set, ...options, '--json']);
  assert.equal(result.code, 0, result.stderr);
  return environmentSchema.parse(JSON.parse(result.stdout)).settings;
}

test('how a version takes over is set with durations and words, and switched off again', async () => {
  await using cli = await CliUnderTest.start();
  const rollout = ['--strategy', 'canary', '--canary-steps', '5,50', '--observation', '1h', '--standby', 'one'];
  const rest = ['--no-auto-rollback', '--when-slow', 'roll-back', '--hold-timeout', '10s', '--one-off-timeout', '5m'];
  const settings = await settingsAfter(cli, ...rollout, ...rest);
  assert.equal(settings.strategy, 'canary');
  assert.deepEqual(settings.canarySteps, [5, 50]);
  assert.deepEqual([settings.observationMs, settings.standby], [3_600_000, 'one']);
  assert.deepEqual(settings.rollback, { automatic: false, slow: 'roll-back' });
  assert.deepEqual([settings.holdTimeoutMs, settings.oneOffTimeoutMs], [10_000, 300_000]);
  const off = await settingsAfter(cli, '--observation', 'off', '--auto-rollback');
  assert.equal(off.observationMs, 0);
  assert.deepEqual(off.rollback, { automatic: true, slow: 'roll-back' }, 'what was not given stays');
  const text = (await cli.run(['environments', 'show', 'production'])).stdout;
  assert.match(text, /^observation +off$/m);
  assert.match(text, /^canary steps +5 %, 50 %$/m);
});

test('a process is a line for the shell, as in cutover.yaml, and is changed and removed by its name', async () => {
  await using cli = await CliUnderTest.start();
  await settingsAfter(cli, '--memory', '1gb');
  const added = await settingsAfter(cli, '--process', 'worker=node worker.js', 'release=a && b');
  assert.deepEqual(
    added.processes.map(({ name, command, memoryMb }) => [name, command, memoryMb]),
    [
      ['worker', ['/bin/sh', '-c', 'exec node worker.js'], 1_024],
      ['release', ['/bin/sh', '-c', 'a && b'], 1_024],
    ],
  );
  const worker = ['--process-replicas', 'worker=3', '--process-cpu', 'worker=0.5', '--process-memory', 'worker=256mb'];
  const check = ['--process-check', 'worker=pgrep worker', '--process-stay-up', 'worker=10s'];
  const [changed] = (await settingsAfter(cli, ...worker, ...check)).processes;
  assert.deepEqual([changed?.replicas, changed?.cpuCores, changed?.memoryMb, changed?.stayUpMs], [3, 0.5, 256, 10_000]);
  assert.deepEqual(changed?.check?.command, ['/bin/sh', '-c', 'exec pgrep worker']);
  const text = (await cli.run(['environments', 'show', 'production'])).stdout;
  assert.match(text, /^process worker +node worker\.js \(3 x 0\.5 cores, 256 MiB; check pgrep worker\)$/m);
  assert.match(text, /^process release +a && b \(once; 1 cores, 1024 MiB\)$/m);
  const again = await settingsAfter(cli, '--process', 'worker=node other.js', '--process-check', 'worker=');
  assert.deepEqual([again.processes[0]?.replicas, again.processes[0]?.check], [3, null], 'the rest of it stays');
  const left = await settingsAfter(cli, '--process', 'worker=');
  assert.deepEqual(
    left.processes.map(({ name }) => name),
    ['release'],
  );
});

test('a volume is name:path with what it allows, and an empty path unmounts it', async () => {
  await using cli = await CliUnderTest.start();
  const added = await settingsAfter(cli, '--volume', 'data:/data:exclusive', '--volume', 'assets:/srv/assets:ro');
  assert.deepEqual(added.volumes, [
    { name: 'data', path: '/data', access: 'exclusive', readOnly: false },
    { name: 'assets', path: '/srv/assets', access: 'shared', readOnly: true },
  ]);
  const text = (await cli.run(['environments', 'show', 'production'])).stdout;
  assert.match(text, /^volume data +\/data \(exclusive\)$/m);
  assert.match(text, /^volume assets +\/srv\/assets \(shared, read-only\)$/m);
  const left = await settingsAfter(cli, '--volume', 'data:');
  assert.deepEqual(
    left.volumes.map(({ name }) => name),
    ['assets'],
  );
});

test('an environment is created with processes and volumes', async () => {
  await using cli = await CliUnderTest.start();
  const options = ['--process', 'worker=node worker.js', '--volume', 'data:/data'];
  const result = await cli.run(['environments', 'create', 'staging', '-p', 'my-app', '--json', ...options]);
  const { settings } = environmentSchema.parse(JSON.parse(result.stdout));
  assert.deepEqual([settings.processes[0]?.memoryMb, settings.volumes[0]?.access], [512, 'shared']);
});

test('what is not understood of steps, processes and volumes is a usage error, and changes nothing', async () => {
  await using cli = await CliUnderTest.start();
  const wrong = [
    ['--canary-steps', 'ten'],
    ['--observation', '30'],
    ['--standby', 'some'],
    ['--process', 'worker'],
    ['--process-replicas', 'worker=2'],
    ['--process', 'web=node server.js', '--process-replicas', 'web=2'],
    ['--volume', 'data'],
    ['--volume', 'data:/data:rw'],
  ];
  for (const options of wrong) {
    const result = await cli.run([...set, ...options]);
    assert.equal(result.code, 2, `${options.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, /^error: usage: /, options.join(' '));
  }
  const unknown = await cli.run([...set, '--process-replicas', 'worker=2']);
  assert.match(unknown.stderr, /there is no process "worker"; add it with --process/);
  const amount = await cli.run([...set, '--process', 'worker=x', '--process-memory', 'worker=lots']);
  assert.match(amount.stderr, /--process-memory: "lots" is not acceptable\. Write an amount of memory/);
});
