import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { checkDeployKey, checkToken, fingerprintOf } from '../../../src/engine/commands/credentials-rules.ts';

const run = promisify(execFile);
const box = { seal: () => '', open: () => '', fingerprint: (text: string) => Buffer.from(text).toString('hex') };
let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cutover-test-keys-'));
});
after(() => rm(dir, { recursive: true, force: true }));

async function keyOf(type: string, ...options: readonly string[]) {
  const path = join(dir, `${type}${options.length}`);
  await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', path, ...options]);
  return { path, text: await readFile(path, 'utf8') };
}

test('the fingerprint of a deploy key is the one that ssh-keygen and the providers show', async () => {
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    const { path, text } = await keyOf(type);
    const privateKey = checkDeployKey(text);
    const { stdout } = await run('ssh-keygen', ['-l', '-f', `${path}.pub`]);
    assert.equal(fingerprintOf({ kind: 'deploy-key', privateKey, host: '' }, box), stdout.split(' ')[1]);
  }
});

test('a key is taken with Windows line ends and without its last newline', async () => {
  const { text } = await keyOf('ed25519', '-C', 'other');
  assert.equal(checkDeployKey(text.trimEnd().replaceAll('\n', '\r\n')), text);
});

test('what is no key, has a passphrase or is cut off is refused, with nothing of it in the message', async () => {
  const { path, text } = await keyOf('ed25519', '-C', 'third', '-a', '1');
  const body = text.split('\n')[1] ?? '';
  const cut = text.replace(body, body.slice(0, 40));
  await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'a passphrase', '-f', path]);
  const locked = await readFile(path, 'utf8');
  const rsa = await keyOf('rsa', '-m', 'PEM');
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /OpenSSH/],
    ['some text', /OpenSSH/],
    [rsa.text, /OpenSSH/],
    [await readFile(`${path}.pub`, 'utf8'), /OpenSSH/],
    [locked, /passphrase/],
    [cut, /damaged|OpenSSH/],
  ];
  for (const [given, message] of cases) {
    assert.throws(
      () => checkDeployKey(given),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'invalid_input');
        assert.match(error.message, message);
        return !error.message.includes(body.slice(0, 20));
      },
    );
  }
});

test('a token has no spaces, and goes with a user name without a colon', () => {
  checkToken('x-access-token', 'ghp_0123456789');
  for (const [user, token] of [
    ['x', ''],
    ['x', 'two words'],
    ['x', 'line\nbreak'],
    ['x', 'a'.repeat(5_000)],
    ['a:b', 'token'],
    ['', 'token'],
    ['a\r\nX: y', 'token'],
  ] as const) {
    assert.throws(() => checkToken(user, token), { code: 'invalid_input' });
  }
});
