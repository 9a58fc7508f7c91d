import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveSource } from '../../src/domain/source.ts';
import type { HeldDeployment } from '../http/in-memory/platform.ts';
import { instance, observation } from '../http/in-memory/rollout-status.ts';
import { CliUnderTest } from './cli-run.ts';

const commit = { sha: '81c0de44a1f2'.padEnd(40, '0'), message: 'Fix the footer', author: 'a', committedAt: '' };

/** With two deployments that went well; the second serves, and whatever comes goes well too. */
async function withTwo(): Promise<CliUnderTest> {
  const cli = await CliUnderTest.start();
  const { platform } = cli.api;
  platform.play = (held) => platform.succeed(held);
  await cli.api.deploy();
  await cli.api.deploy();
  const first = cli.api.held(1);
  first.deployment = { ...first.deployment, source: resolveSource(first.deployment.source, { commit }) };
  return cli;
}

const back = '#3 takes production of my-app back to #1 (81c0de44a1f2 Fix the footer)\n';
const resume =
  'auto-deploy of production is held until: cutover environments resume-auto-deploy production -p my-app\n';

test('rule 5.7: a rollback says what it goes back to, how it goes, and that auto-deploy is held and how to resume it', async () => {
  await using cli = await withTwo();
  const result = await cli.run(['deployments', 'rollback', 'my-app']);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(
    result.stdout,
    '#3 is live; 0 of 3,214 requests failed during the switch\nhttp://my-app.localhost:8080\n',
  );
  assert.ok(result.stderr.startsWith(back), result.stderr);
  assert.match(result.stderr, /state: completed$/m);
  assert.ok(result.stderr.endsWith(resume), result.stderr);
  assert.deepEqual(cli.api.platform.rollbacks, [{ environment: 'production', to: 1 }]);
});

test('rule 9.2: a terminal is asked, with what is gone back to, and no is no', async () => {
  await using cli = await withTwo();
  const refused = await cli.run(['deployments', 'rollback'], { answer: 'n' });
  assert.equal(refused.code, 2);
  const question = 'Take production of my-app back to #1 (81c0de44a1f2 Fix the footer)? [y/N] ';
  assert.deepEqual(refused.questions, [question]);
  assert.deepEqual(cli.api.platform.rollbacks, []);
  const sure = await cli.run(['deployments', 'rollback', '-y'], { answer: 'unused' });
  assert.deepEqual([sure.code, sure.questions], [0, []]);
});

test('--to, --current-env, --force and --no-wait reach the server; --json prints the deployment', async () => {
  await using cli = await withTwo();
  const options = ['--to', '#1', '--current-env', '--force', '--no-wait', '--json', '-e', 'production'];
  const result = await cli.run(['deployments', 'rollback', '-p', 'my-app', ...options]);
  const shown = JSON.parse(result.stdout) as { kind: string; origin: { number: number } };
  assert.deepEqual([result.code, shown.kind, shown.origin.number], [0, 'rollback', 1]);
  assert.deepEqual(cli.api.platform.rollbacks, [{ environment: 'production', to: 1, currentEnv: true, force: true }]);
});

test('a rollback that fails exits 1, and one that is refused exits 6 with the code', async () => {
  await using cli = await withTwo();
  const { platform } = cli.api;
  platform.play = (held) => platform.fail(held);
  const failed = await cli.run(['deployments', 'rollback', '-y']);
  assert.equal(failed.code, 1);
  assert.ok(failed.stderr.endsWith(resume), 'the hold is there all the same');
  const never = await cli.run(['deployments', 'rollback', '--to', '3', '-y']);
  assert.equal(never.code, 6);
  assert.match(never.stderr, /^error: rollback_never_served: /m);
  await using empty = await CliUnderTest.start();
  const nothing = await empty.run(['deployments', 'rollback', '-y']);
  assert.equal(nothing.code, 6);
  assert.match(nothing.stderr, /^error: rollback_target_missing: /);
});

test('rule 5.7: auto-deploy that is held is shown with the environment, and resumed', async () => {
  await using cli = await withTwo();
  await cli.run(['deployments', 'rollback', '-y']);
  const show = ['environments', 'show', 'production'];
  assert.match((await cli.run(show)).stdout, /^auto-deploy +held: rolled back to #1 by owner$/m);
  const resumed = await cli.run(['environments', 'resume-auto-deploy', 'production']);
  assert.equal(resumed.stdout, 'a push to main deploys to production again\n');
  assert.match((await cli.run(show)).stdout, /^auto-deploy +on$/m);
});

test('promote says the plan, deploys what serves elsewhere, and needs both environments', async () => {
  await using cli = await withTwo();
  await cli.run(['environments', 'create', 'staging']);
  const promote = ['deployments', 'promote', 'my-app'];
  const result = await cli.run([...promote, '--from', 'production', '--to', 'staging', '-y']);
  assert.equal(result.code, 0, result.stderr);
  assert.match(
    result.stderr,
    /^plan: rolling\n {2}nothing serves yet: .+\n#3 of my-app to staging is #2 of production\n/,
  );
  assert.match(result.stdout, /^#3 is live/);
  const asked = await cli.run([...promote, '--from', 'production', '--to', 'staging'], { answer: 'n' });
  assert.deepEqual(asked.questions, ['Deploy what serves in production of my-app to staging? [y/N] ']);
  assert.equal((await cli.run([...promote, '--from', 'production'])).code, 2);
  assert.equal((await cli.run([...promote, '--from', 'nope', '--to', 'staging'])).code, 5);
});

test('rule 2.2: what serves is paused only when that is confirmed; a rollout that is held is not asked about', async () => {
  await using cli = await withTwo();
  const pause = ['deployments', 'pause', '2'];
  assert.equal((await cli.run(pause)).code, 2, 'in a pipe it needs -y');
  assert.equal(cli.api.held(2).deployment.state, 'completed');
  const asked = await cli.run(pause, { answer: 'y' });
  assert.deepEqual(asked.questions, [
    'Stop #2, which serves production? Visitors get a 503 page until it is resumed. [y/N] ',
  ]);
  assert.equal(asked.stdout, '#2 is paused: paused by owner\n');
  assert.match(asked.stderr, /cutover deployments resume 2 -p my-app\n$/);
  assert.match((await cli.run(['deployments', 'resume', '2'])).stdout, /^#2 is live/);
  cli.api.platform.play = (held) => rollingOut(cli, held);
  await cli.api.deploy();
  const held = await cli.run(['deployments', 'pause', '3']);
  assert.deepEqual([held.code, held.stdout], [0, '#3 is paused: paused by owner\n']);
  const again = await cli.run(['deployments', 'pause', '3']);
  assert.equal(again.code, 6);
});

test('rule 2.2: what was replaced is not asked about, but refused', async () => {
  await using cli = await withTwo();
  const asked = await cli.run(['deployments', 'pause', '1'], { answer: 'n' });
  assert.deepEqual(asked.questions, []);
});

test('rule 5.7: while a version is rolled out a rollback names what serves beside it, and takes the rollout back', async () => {
  await using cli = await withTwo();
  cli.api.platform.play = (held) => rollingOut(cli, held);
  await cli.api.deploy();
  const second = cli.api.held(2);
  second.deployment = { ...second.deployment, source: resolveSource(second.deployment.source, { commit }) };
  const result = await cli.run(['deployments', 'rollback'], { answer: 'y' });
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(result.questions, ['Take production of my-app back to #2 (81c0de44a1f2 Fix the footer)? [y/N] ']);
  assert.match(
    result.stderr,
    /^#3, which is being rolled out, is taken back; production of my-app stays with #2 \(81c0de44a1f2 Fix the footer\)$/m,
  );
  assert.match(result.stdout, /^#3 failed: rolled back to #2 by owner$/m);
  assert.ok(result.stderr.endsWith(resume), result.stderr);
  assert.deepEqual(cli.api.platform.rollbacks, [{ environment: 'production', to: 2 }]);
});

function rollingOut(cli: CliUnderTest, held: HeldDeployment): void {
  cli.api.platform.move(held, 'running');
  cli.api.platform.move(held, 'deploying');
}

test('an instance that is down although it should run is shown in the list and the status', async () => {
  await using cli = await withTwo();
  const down = { crashedAt: new Date().toISOString(), restarts: 3 };
  cli.api.held(2).instances = [instance(), instance({ ordinal: 2, ...down })];
  const list = await cli.run(['deployments', 'list']);
  assert.match(list.stdout, /^#2 +production +completed, crashed \(3 restarts\) +yes /m);
  assert.match(list.stdout, /^#1 +production +completed +yes /m);
  const status = await cli.run(['deployments', 'status', '2']);
  assert.match(status.stdout, /^web 1 +serving +0 /m);
  assert.match(status.stdout, /^web 2 +crashed \(3 restarts\) +3 /m);
});

test('rule 2.6: the status shows what was measured, the result and the observation', async () => {
  await using cli = await withTwo();
  const held = cli.api.held(2);
  const figures = { requests: 4_213, failed: 2, p50Ms: 11, p95Ms: 40, p99Ms: null };
  const resources = {
    readings: 9,
    memoryBytes: { average: 48_123_456, max: 51_000_000 },
    cpuCores: { average: 0.123, max: 1.5 },
    cpuOverMs: 900_000,
  };
  const durations = { gateMs: 812, drainMs: 1_500, heldMs: null };
  const measurements = { before: null, during: figures, after: null, ...durations, resources };
  held.deployment = { ...held.deployment, measurements };
  held.observation = observation(863_000);
  held.verdict = '#2 is live; it is observed';
  const { stdout } = await cli.run(['deployments', 'status', '2']);
  assert.match(stdout, /^#2 is live; it is observed\n/);
  assert.match(
    stdout,
    /^gate +812 ms\ndrain +1\.5 s\ncpu +0\.12 cores, at most 1\.50\nmemory +48\.1 MB, at most 51\.0 MB$/m,
  );
  assert.match(stdout, /^observation +open, 14 min 23 s left; canary-1; evidence 4\.5$/m);
  assert.match(stdout, /^during +4,213 +2 \(0\.0 %\) +11 ms +40 ms +-$/m);
  assert.doesNotMatch(stdout, /^before/m);
  const json = await cli.run(['deployments', 'status', '2', '--json']);
  assert.deepEqual(JSON.parse(json.stdout).measurements.resources, resources);
  held.deployment = {
    ...held.deployment,
    measurements: { ...measurements, resources: { ...resources, cpuCores: null } },
  };
  const once = await cli.run(['deployments', 'status', '2']);
  assert.match(once.stdout, /^memory +48\.1 MB/m);
  assert.doesNotMatch(once.stdout, /^cpu/m, 'of one reading there is no share of a core');
});

test('rule 5.6: a deployment that is live says how long it is observed, and how to watch that', async () => {
  await using cli = await withTwo();
  const { platform } = cli.api;
  platform.play = (held) => {
    held.observation = observation(863_000);
    platform.succeed(held);
  };
  const result = await cli.run(['deploy', 'my-app']);
  assert.match(
    result.stderr,
    /^it is observed for another 14 min 2\d s; see it with: cutover rollout watch -p my-app -e production$/m,
  );
});
