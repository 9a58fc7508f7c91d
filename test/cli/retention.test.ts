import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { formatBytes, parseBytes } from '../../src/cli/output/bytes.ts';
import { CliUnderTest } from './cli-run.ts';

test('prune --dry-run says what would go and why, and removes nothing; --all says also what stays', async () => {
  await using cli = await CliUnderTest.start();
  const { code, stdout, stderr } = await cli.run(['prune', '--dry-run']);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^GOES +ID +SIZE +WHY\nimage +b{12} +118\.0 MB +beyond the budget of 10\.0 GB\nlogs .* 4\.2 kB +#1 of my-app in production, over since 2026-01-01\n$/,
  );
  assert.equal(stderr, 'would remove 1 artifact (at most 118.0 MB), the logs of 1 deployment (4.2 kB)\n');
  const all = await cli.run(['prune', '--dry-run', '--all']);
  assert.match(all.stdout, /STAYS +ID +SIZE +WHY\nimage +a{12} +120\.0 MB +what #5 of my-app runs in production/);
  const plan = JSON.parse((await cli.run(['prune', '--dry-run', '--json'])).stdout) as { going: { rule: string }[] };
  assert.deepEqual(
    plan.going.map(({ rule }) => rule),
    ['over-budget'],
  );
});

test('prune asks, and goes on until the server says that nothing is left; without a terminal it needs -y', async () => {
  await using cli = await CliUnderTest.start();
  const unasked = await cli.run(['prune']);
  assert.deepEqual([unasked.code, unasked.stdout], [2, '']);
  const refused = await cli.run(['prune'], { answer: 'n' });
  assert.deepEqual(refused.questions, [
    'Remove 1 artifact (at most 118.0 MB), the logs of 1 deployment (4.2 kB)? [y/N] ',
  ]);
  assert.equal(refused.code, 2);
  const done = await cli.run(['prune'], { answer: 'y' });
  assert.equal(done.code, 0);
  assert.match(
    done.stderr,
    /removed 1 artifact \(at most 118\.0 MB\), the logs of 1 deployment \(4\.2 kB\); Docker says 2\.0 MB less in layers\n$/,
  );
  const again = await cli.run(['prune', '-y', '--json']);
  assert.deepEqual([again.code, (JSON.parse(again.stdout) as { removed: unknown[] }).removed], [0, []]);
  assert.match(again.stderr, /removed nothing/);
});

test('retention shows what is kept, and changes what is named', async () => {
  await using cli = await CliUnderTest.start();
  const shown = await cli.run(['retention', 'show']);
  assert.match(
    shown.stdout,
    /^rollback targets +10 per environment\nbudget +10\.0 GB for all other images and bundles\nlogs +30 days\n/,
  );
  assert.match(shown.stdout, /free disk +1 GiB, or 5 % of a smaller disk, before a build\nbuild cache +10\.0 GB\n$/);
  const set = [
    'retention',
    'set',
    '--rollback-targets',
    '3',
    '--budget',
    '500mb',
    '--min-free',
    '2gb',
    '--build-cache',
    '20gb',
    '--json',
  ];
  const changed = JSON.parse((await cli.run(set)).stdout) as object;
  assert.deepEqual(changed, {
    rollbackTargets: 3,
    budgetBytes: 500_000_000,
    logDays: 30,
    historyDays: 365,
    keepNewest: 10,
    minFreeBytes: 2_000_000_000,
    buildCacheBytes: 20_000_000_000,
  });
  assert.match((await cli.run(['retention', 'set', '--min-free', 'auto'])).stdout, /1 GiB, or 5 %/);
  assert.match((await cli.run(['retention', 'set', '--min-free', '0'])).stdout, /not looked at/);
  assert.equal((await cli.run(['retention', 'set'])).code, 2);
  assert.equal((await cli.run(['retention', 'set', '--rollback-targets', '0'])).code, 2);
  assert.equal((await cli.run(['retention', 'set', '--budget', 'much'])).code, 2);
});

test('only who may administer the installation removes or changes anything', async () => {
  await using cli = await CliUnderTest.start();
  const env = { CUTOVER_TOKEN: cli.api.platform.token('dev', 'developer') };
  assert.equal((await cli.run(['retention', 'show'], { env })).code, 0);
  for (const args of [
    ['prune', '--dry-run'],
    ['prune', '-y'],
    ['retention', 'set', '--log-days', '1'],
  ])
    assert.equal((await cli.run(args, { env })).code, 4, args.join(' '));
});

test('a deployment whose artifact is gone is shown as not available', async () => {
  await using cli = await CliUnderTest.start();
  await cli.api.deploy();
  cli.api.platform.succeed(cli.api.held(1));
  assert.match((await cli.run(['deployments', 'list'])).stdout, / yes +/);
  const held = cli.api.held(1);
  held.deployment = {
    ...held.deployment,
    removed: { ...held.deployment.removed, artifactAt: '2026-01-01T00:00:00.000Z' },
  };
  assert.match((await cli.run(['deployments', 'list'])).stdout, / not available +/);
});

test('sizes on a disk are read and said as Docker does it', () => {
  assert.deepEqual(['0', '500mb', '10GB', '1gib', '1.5 kb'].map(parseBytes), [0, 5e8, 1e10, 1_073_741_824, 1_500]);
  for (const text of ['', 'gb', '-1', '10 horses']) assert.throws(() => parseBytes(text), InvalidArgumentError, text);
  assert.deepEqual([0, 4_200, 48_100_000, 12e9].map(formatBytes), ['0.0 kB', '4.2 kB', '48.1 MB', '12.0 GB']);
});
