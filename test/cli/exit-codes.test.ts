import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { problemSchema } from '../../src/contract/problem.ts';
import { CliUnderTest } from './cli-run.ts';

const bin = fileURLToPath(new URL('../../bin/cutover', import.meta.url));

test('rule 9.2: exit codes: 0 done, 2 usage, 3 not reachable, 4 not logged in or refused, 5 not found, 6 conflict', async () => {
  await using cli = await CliUnderTest.start();
  const viewer = { env: { CUTOVER_TOKEN: cli.api.platform.token('reader', 'viewer') } };
  const nowhere = { env: { CUTOVER_URL: 'http://127.0.0.1:1' } };
  const taken = ['projects', 'create', 'my-app', '--repo', 'https://git.example/x.git'];
  const cases = [
    [['projects', 'list'], {}, 0],
    [['--help'], {}, 0],
    [['--version'], {}, 0],
    [['deplyo'], {}, 2],
    [['deploy', 'my-app', '--unknown'], {}, 2],
    [['projects', 'create', 'x'], {}, 2],
    [['projects', 'create', 'UPPER', '--repo', 'https://git.example/x.git'], {}, 2],
    [['projects', 'list'], nowhere, 3],
    [['projects', 'list'], { env: { CUTOVER_TOKEN: 'made-up' } }, 4],
    [['deploy', 'my-app'], viewer, 4],
    [['projects', 'show', 'nope'], {}, 5],
    [taken, {}, 6],
  ] as const;
  for (const [args, options, code] of cases) {
    const result = await cli.run(args, options);
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    if (code !== 0)
      assert.match(result.stderr, /^(?:plan: .+\n(?: {2}.+\n)+)?error: [a-z_]+: .+\n {2}next: .+\n$/, args.join(' '));
  }
  assert.equal((await cli.runBare(['projects', 'list'], { env: { CUTOVER_URL: cli.api.url } })).code, 4);
});

test('rule 9.2: with --json an error is a problem document on stderr', async () => {
  await using cli = await CliUnderTest.start();
  const result = await cli.run(['projects', 'show', 'nope', '--json']);
  assert.equal(result.stdout, '');
  assert.equal(problemSchema.parse(JSON.parse(result.stderr)).code, 'not_found');
});

test('a misspelt command names the one that was probably meant', async () => {
  await using cli = await CliUnderTest.start();
  assert.match((await cli.run(['deplyo'])).stderr, /unknown command 'deplyo' \(Did you mean deploy\?\)/);
});

test('a server that is not Cutover is named as such, and exits 3', async () => {
  await using cli = await CliUnderTest.start();
  const server = createServer((_, answer) => void answer.end('<html>')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : null;
    const result = await cli.run(['whoami'], { env: { CUTOVER_URL: `http://127.0.0.1:${port}` } });
    assert.equal(result.code, 3);
    assert.match(result.stderr, /is this a Cutover server\?/);
  } finally {
    server.close();
  }
});

test('bin/cutover finds a Node that is new enough and passes arguments and exit code through', () => {
  const help = spawnSync(bin, ['--help'], { encoding: 'utf8', timeout: 30_000 });
  assert.equal(help.status, 0, help.stderr);
  assert.match(help.stdout, /^Usage: cutover /);
  const wrong = spawnSync(bin, ['deploy', '--what ever'], { encoding: 'utf8', timeout: 30_000 });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /unknown option '--what ever'/);
});
