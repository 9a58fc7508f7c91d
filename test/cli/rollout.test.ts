import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rolloutStatusSchema } from '../../src/contract/schemas/rollout.ts';
import { resolveSource } from '../../src/domain/source.ts';
import type { RolloutStatus } from '../../src/engine/commands/commands.ts';
import { canary, instance, observation } from '../http/in-memory/rollout-status.ts';
import { CliUnderTest, type CliResult, type RunOptions } from './cli-run.ts';

/** With two deployments, and the rollout as `change` makes it of a canary at its first step. */
async function withRollout(change: Partial<RolloutStatus> = {}): Promise<CliUnderTest> {
  const cli = await CliUnderTest.start();
  const { platform } = cli.api;
  platform.play = (held) => platform.succeed(held);
  await cli.api.deploy();
  await cli.api.deploy();
  platform.rollout.append(canary(cli.api.held(2), cli.api.held(1), change));
  return cli;
}

function status(cli: CliUnderTest, change: Partial<RolloutStatus> = {}): RolloutStatus {
  return canary(cli.api.held(2), cli.api.held(1), change);
}

const expected = `#2 takes over from #1 in production

             NEW #2     OLD #1
commit       main       main
state        completed  completed
traffic      10 %       90 %
connections  12         118
instances    1 serving  2 serving
requests     180        1,620
errors       2 (1.1 %)  1 (0.1 %)

phase      canary-1
evidence   4.5 (1 says nothing, 1,000 rolls back)
time left  LEFT
not seen   this deployment saw 180 requests: failures below about 6 % would not have been noticed
`;

test('rollout show prints both versions, their share, the evidence and the time left', async () => {
  await using cli = await withRollout();
  const result = await cli.run(['rollout', 'show', 'my-app']);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout.replace(/14 min 2\d s/, 'LEFT'), expected);
  const json = await cli.run(['rollout', 'show', '-p', 'my-app', '-e', 'production', '--json']);
  assert.equal(rolloutStatusSchema.parse(JSON.parse(json.stdout)).old?.connections, 118);
  assert.equal((await cli.run(['rollout', 'show', '-e', 'nope'])).code, 5);
});

test('rollout show says in one line how things are, whatever they are', async () => {
  await using cli = await withRollout();
  const { fresh, old } = status(cli);
  assert.ok(fresh !== null && old !== null);
  const open = observation(1_000);
  const suspected = {
    ...open,
    view: open.view === null ? null : { ...open.view, phase: 'challenge-1', mayGrow: false },
  };
  const cases = [
    [{ fresh: null, old: null, observation: null }, 'nothing serves in production'],
    [{ old: null, observation: null }, '#2 serves production'],
    [{ fresh: { ...fresh, share: 100 }, old: { ...old, share: 0 } }, '#2 serves production; #1 is draining'],
    [
      { fresh: { ...fresh, share: 100 }, old: { ...old, share: 0, connections: 0 } },
      '#2 serves production; #1 is on standby',
    ],
    [{ fresh: { ...fresh, deployment: { ...fresh.deployment, state: 'paused' } } }, '#2 is held at 10 % in production'],
    [
      { fresh: { ...fresh, deployment: { ...fresh.deployment, state: 'deploying' } }, old: null },
      '#2 is starting; nothing serves production yet',
    ],
    [{ observation: suspected }, '#2 is under suspicion: part of the traffic of production goes to #1 again'],
    [{ mode: 'held' }, '#2 is starting: requests to production wait in the router'],
    [{ mode: 'paused' }, '#2 is paused: visitors of production get a 503 page'],
  ] as const;
  for (const [change, line] of cases) {
    cli.api.platform.rollout.append(status(cli, change));
    assert.equal((await cli.run(['rollout', 'show'])).stdout.split('\n', 1)[0], line);
  }
});

test('rollout show says when nothing is compared, and when the next share waits', async () => {
  await using cli = await withRollout();
  const open = observation(1_000);
  assert.ok(open.view !== null);
  const view = { ...open.view, phase: 'stepped', mayGrow: false, threshold: null };
  cli.api.platform.rollout.append(status(cli, { observation: { ...open, view } }));
  const { stdout } = await cli.run(['rollout', 'show']);
  assert.match(stdout, /^evidence +4\.5 \(nothing is compared now\)$/m);
  assert.match(stdout, /^next share +waits, as something speaks against the new version$/m);
});

test('rollout show names crashed instances, other processes, a held auto-deploy and how an observation ended', async () => {
  const down = instance({ crashedAt: '2026-01-02T03:04:05.000Z', restarts: 1 });
  const worker = instance({ process: 'worker' });
  const ended = observation(0, { closedAt: '2026-01-02T03:04:05.000Z', outcome: 'superseded' });
  await using cli = await withRollout();
  const { fresh } = status(cli);
  assert.ok(fresh !== null);
  const instances = [instance(), down, worker, worker, instance({ phase: 'stopped' })];
  const change = { fresh: { ...fresh, instances }, observation: ended, autoDeployHeld: 'rolled back to #1 by owner' };
  cli.api.platform.rollout.append(status(cli, change));
  const { stdout } = await cli.run(['rollout', 'show']);
  assert.match(stdout, /^instances +1 serving, 1 crashed \(1 restart\), 2 worker serving /m);
  assert.match(stdout, /^observation +superseded$/m);
  assert.match(stdout, /^auto-deploy +held: rolled back to #1 by owner$/m);
  assert.doesNotMatch(stdout, /time left/);
});

/** Watches until `enough` of the output has come, then presses Ctrl-C. */
async function watch(
  cli: CliUnderTest,
  args: readonly string[],
  enough: (output: string) => boolean,
  options: RunOptions = {},
): Promise<CliResult> {
  const interrupt = new AbortController();
  let seen = '';
  const onWrite = (text: string) => {
    seen += text;
    options.onWrite?.(text);
    if (enough(seen)) interrupt.abort();
  };
  return cli.run(['rollout', 'watch', ...args], { ...options, onWrite, signal: interrupt.signal });
}

const canaryLine = (head: string) =>
  `${head} | #2 completed 10 %, 12 open, 1 serving, 180 requests, 2 errors | ` +
  '#1 completed 90 %, 118 open, 2 serving, 1,620 requests, 1 errors | canary-1, evidence 4.5\n';

test('rollout watch in a pipe prints a line whenever something changed, and Ctrl-C ends it with 0', async () => {
  await using cli = await withRollout();
  const { rollout } = cli.api.platform;
  rollout.append(status(cli, { observation: observation(862_000) }));
  rollout.append(status(cli, { mode: 'held' }));
  const result = await watch(cli, ['my-app'], (output) => output.includes('wait in the router'));
  assert.equal(result.code, 0, result.stderr);
  assert.equal(
    result.stdout,
    canaryLine('#2 takes over from #1 in production') +
      canaryLine('#2 is starting: requests to production wait in the router'),
    'the time that passed alone is no change',
  );
  assert.equal(result.stderr, '');
});

test('rule 9.2: rollout watch --json prints one object per line', async () => {
  await using cli = await withRollout();
  cli.api.platform.rollout.append(status(cli, { mode: 'held' }));
  const result = await watch(cli, ['--json'], (output) => output.split('\n').length > 2);
  const modes = result.stdout
    .trimEnd()
    .split('\n')
    .map((line) => rolloutStatusSchema.parse(JSON.parse(line)).mode);
  assert.deepEqual([result.code, modes], [0, ['serve', 'held']]);
});

test('rollout watch on a terminal redraws the picture in place, within its width, and gives the cursor back', async () => {
  await using cli = await withRollout();
  const { rollout } = cli.api.platform;
  rollout.append(status(cli, { mode: 'held' }));
  const result = await watch(cli, [], (output) => output.includes('wait in the router'), { answer: 'unused' });
  assert.equal(result.code, 0);
  const [first = '', second = ''] = result.stdout.split('\u001B[0J').slice(1);
  const height = first.trimEnd().split('\n').length - 1;
  assert.ok(first.startsWith('#2 takes over from #1 in production\n'), first);
  assert.ok(first.endsWith(`\n\u001B[${height}A\r`), JSON.stringify(first.slice(-20)));
  assert.ok(second.startsWith('#2 is starting'), second);
  assert.ok(first.split('\n').every((line) => line.length < 80 || line.startsWith('\u001B')));
  assert.match(first, /failures below about 6 % would not\n {4}have been noticed\n/, 'nothing is cut off');
  assert.ok(result.stdout.startsWith('\u001B[?25l'));
  assert.ok(result.stdout.endsWith('\u001B[?25h'));
});

const left = (output: string) => new Set([...output.matchAll(/time left +(1 min \d+ s)/g)].map(([, text]) => text));

test('rollout watch on a terminal counts down without anything else changing', async () => {
  await using cli = await withRollout({ observation: observation(100_000) });
  const result = await watch(cli, [], (output) => left(output).size > 1, { answer: 'unused' });
  assert.equal(result.code, 0);
});

test('a message of a commit cannot move the cursor', async () => {
  await using cli = await withRollout();
  const held = cli.api.held(2);
  const commit = { sha: 'a'.repeat(40), message: 'evil\u001B[2J', author: 'a', committedAt: '' };
  held.deployment = { ...held.deployment, source: resolveSource(held.deployment.source, { commit }) };
  cli.api.platform.rollout.append(status(cli));
  const result = await cli.run(['rollout', 'show']);
  assert.match(result.stdout, /evil/);
  assert.ok(!result.stdout.includes('\u001B'));
});
