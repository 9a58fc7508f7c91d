import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CliUnderTest } from './cli-run.ts';

test('`webhooks url` shows where each provider is to call and what it is to sign with', async () => {
  await using cli = await CliUnderTest.start();
  const result = await cli.run(['webhooks', 'url', 'my-app']);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /^github +\/api\/webhooks\/github\/hook-1$/m);
  assert.match(result.stdout, /^secret +a secret of the webhook$/m);
  assert.match(result.stdout, /^GitLab signing token +whsec_/m);
  const platform = await cli.run(['webhooks', 'url', '--platform', 'gitlab', '--json']);
  assert.deepEqual(Object.keys(JSON.parse(platform.stdout).paths), ['gitlab']);
  assert.equal((await cli.run(['webhooks', 'url', 'my-app', '--platform', 'gitlab'])).code, 2);
  assert.equal((await cli.run(['webhooks', 'remove', 'my-app', '-y'])).code, 0);
});

test('`webhooks list` says of each delivery whether it was verified, what happened, and why not', async () => {
  await using cli = await CliUnderTest.start();
  const { stdout, code } = await cli.run(['webhooks', 'list']);
  assert.equal(code, 0);
  const lines = stdout.split('\n');
  assert.match(lines[0] ?? '', /^ID +WHEN +FROM +VERIFIED +WHAT +RESULT$/);
  assert.match(
    lines[1] ?? '',
    /github +yes +push of aaaaaaa to main +production of my-app: deployed as #7; staging of my-app: not deployed, auto-deploy of staging is off$/,
  );
  assert.match(lines[2] ?? '', /github +no +unknown +refused: the delivery is not signed/);
  assert.equal((await cli.run(['webhooks', 'list', '--all', '-p', 'my-app'])).code, 2);
});

test('`webhooks watch` tells of each delivery when it has been worked on', async () => {
  await using cli = await CliUnderTest.start();
  const { stdout, code } = await cli.run(['webhooks', 'watch']);
  assert.equal(code, 0);
  const [refused, deployed] = stdout.split('\n');
  assert.match(refused ?? '', /^2026-01-01T.* github {2}unknown {2}refused: /);
  assert.match(deployed ?? '', /push of aaaaaaa to main {2}production of my-app: deployed as #7/);
  const json = await cli.run(['webhooks', 'watch', '--json']);
  const sequences = json.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
  assert.deepEqual(sequences, [1, 2]);
});

test('`webhooks show` and `webhooks redeliver` name one delivery', async () => {
  await using cli = await CliUnderTest.start();
  const [processed, refused] = ['2', '1'].map((digit) => `019c0000-0000-7000-8000-00000000000${digit}`);
  const shown = await cli.run(['webhooks', 'show', processed ?? '']);
  assert.match(shown.stdout, /^verified +yes$/m);
  assert.match(shown.stdout, /^matched +my-app$/m);
  assert.match(shown.stdout, /^came again +1 time$/m);
  const again = await cli.run(['webhooks', 'redeliver', processed ?? '']);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /it is worked on as/);
  assert.notEqual((await cli.run(['webhooks', 'redeliver', refused ?? ''])).code, 0);
});

test('watch paths are set and shown', async () => {
  await using cli = await CliUnderTest.start();
  const set = await cli.run(['environments', 'set', 'production', '--watch', 'apps/web/**', '!**/*.md']);
  assert.equal(set.code, 0, set.stderr);
  assert.match(set.stdout, /^watched paths +apps\/web\/\*\*, !\*\*\/\*\.md$/m);
  assert.match((await cli.run(['environments', 'set', 'production', '--watch', ''])).stdout, /^watched paths +all$/m);
  assert.notEqual((await cli.run(['environments', 'set', 'production', '--watch', '../up'])).code, 0);
});
