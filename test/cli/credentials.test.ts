import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CliUnderTest } from './cli-run.ts';

const command = ['projects', 'credentials'];
const token = 'tok_5f2b9c8e71d04a36';

test('a token is read from standard input, and never shown', async () => {
  await using cli = await CliUnderTest.start();
  const set = [...command, 'set', 'my-app', '--token-stdin'];
  const result = await cli.run([...set, '--username', 'bot'], { input: `${token}\n` });
  assert.equal(result.code, 0, result.stderr);
  const { credential } = cli.api.platform.projects.get('my-app') ?? {};
  assert.deepEqual(credential?.given, { kind: 'token', username: 'bot', token });
  assert.match(result.stdout, /^kind +token$/m);
  assert.match(result.stdout, /^fingerprint +0123abcd$/m);
  const shown = await cli.run([...command, 'show', 'my-app', '--json']);
  assert.equal(JSON.parse(shown.stdout).kind, 'token');
  assert.ok(!`${result.stdout}${result.stderr}${shown.stdout}`.includes(token));
});

test('on a terminal it is asked for without being shown', async () => {
  await using cli = await CliUnderTest.start();
  const result = await cli.run([...command, 'set', 'my-app', '--token-stdin'], { answer: token });
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(result.questions, ['Token: ']);
});

test('a deploy key is read from a file', async () => {
  await using cli = await CliUnderTest.start();
  const file = join(cli.directory, 'key');
  await writeFile(file, 'the key');
  const result = await cli.run([...command, 'set', 'my-app', '--deploy-key-file', file]);
  assert.equal(result.code, 0, result.stderr);
  const { credential } = cli.api.platform.projects.get('my-app') ?? {};
  assert.deepEqual(credential?.given, { kind: 'deploy-key', privateKey: 'the key' });
  assert.match(result.stdout, /^kind +deploy key$/m);
});

test('without one, or with several, the command says what is needed', async () => {
  await using cli = await CliUnderTest.start();
  const wrong = [[], ['--token-stdin', '--deploy-key-file', 'x'], ['--deploy-key-file', '/nowhere'], ['tok']];
  for (const options of wrong) {
    const result = await cli.run([...command, 'set', 'my-app', ...options], { input: token });
    assert.equal(result.code, 2, options.join(' '));
  }
});

test('they are removed, and an ssh server is believed anew', async () => {
  await using cli = await CliUnderTest.start();
  assert.match((await cli.run([...command, 'show', 'my-app'])).stdout, /^none$/m);
  assert.notEqual((await cli.run([...command, 'remove', 'my-app'])).code, 0);
  await cli.run([...command, 'set', 'my-app', '--token-stdin'], { input: token });
  assert.equal((await cli.run([...command, 'remove', 'my-app'])).code, 0);
  assert.equal((await cli.run([...command, 'forget-host-keys', 'my-app'])).code, 0);
});
