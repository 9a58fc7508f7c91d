import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { createRandom } from '../../src/drivers/clock/system-random.ts';
import { createKey } from '../../src/drivers/secrets/key-files.ts';
import { openSecretBox } from '../../src/drivers/secrets/secret-box.ts';
import { randomConformance } from './random.ts';
import { secretBoxConformance } from './secret-box.ts';
import { hashToken, newToken } from '../../src/drivers/secrets/tokens.ts';

async function temporary() {
  const path = await mkdtemp(join(tmpdir(), 'cutover-test-secrets-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const row = 'variables/1/value';

secretBoxConformance('key files', async () => {
  const [dir, other] = [await temporary(), await temporary()];
  return {
    box: await openSecretBox({ dir: dir.path }),
    reopened: () => openSecretBox({ dir: dir.path }),
    stranger: () => openSecretBox({ dir: other.path }),
    [Symbol.asyncDispose]: async () => {
      await dir[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    },
  };
});

describe('keys of the secret box', () => {
  test('the same text is sealed differently each time, and names the key', async () => {
    await using dir = await temporary();
    const box = await openSecretBox({ dir: dir.path });
    const sealed = box.seal('x', row);
    assert.match(sealed, /^v1\.k0001\./);
    assert.notEqual(box.seal('x', row), sealed);
  });

  test('a missing key does not open', async () => {
    await using dir = await temporary();
    const box = await openSecretBox({ dir: dir.path });
    const sealed = box.seal('secret', row);
    assert.throws(() => box.open(sealed.replace('k0001', 'k0002'), row), /k0002 is not on this machine/);
  });

  test('the newest key seals, older ones open', async () => {
    await using dir = await temporary();
    const old = (await openSecretBox({ dir: dir.path })).seal('a', row);
    for (let i = 0; i < 10; i += 1) await createKey(dir.path);
    const box = await openSecretBox({ dir: dir.path });
    assert.equal(box.open(old, row), 'a');
    assert.match(box.seal('b', row), /^v1\.k0011\./);
  });

  test('keys are made once, with mode 0600, also when several processes start together', async () => {
    await using dir = await temporary();
    const keys = join(dir.path, 'keys');
    const boxes = await Promise.all([1, 2, 3, 4].map(() => openSecretBox({ dir: keys })));
    assert.equal(boxes[3]?.open(boxes[0]?.seal('x', row) ?? '', row), 'x');
    const names = await readdir(keys);
    assert.ok(
      names.every((name) => /^k\d{4}\.key$/.test(name)),
      names.join(),
    );
    assert.equal((await stat(keys)).mode & 0o777, 0o700);
    for (const name of names) assert.equal((await stat(join(keys, name))).mode & 0o777, 0o600);
  });

  test('a key that others can read is refused', async () => {
    await using dir = await temporary();
    await openSecretBox({ dir: dir.path });
    await chmod(join(dir.path, 'k0001.key'), 0o644);
    await assert.rejects(openSecretBox({ dir: dir.path }), /can be read by others/);
  });
});

test('tokens are 256 random bits and stored as a hash', () => {
  const token = newToken();
  assert.match(token, /^cut_[A-Za-z0-9_-]{43}$/);
  assert.notEqual(newToken(), token);
  assert.match(hashToken(token), /^[0-9a-f]{64}$/);
  assert.equal(hashToken(token), hashToken(token));
});

describe('clock', () => {
  test('sleeps, and an abort ends the sleep with its reason', async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(30, new AbortController().signal);
    assert.ok(systemClock.monotonic() - before >= 28);
    const controller = new AbortController();
    const sleeping = systemClock.sleep(2 ** 40, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(sleeping, /enough/);
    await assert.rejects(systemClock.sleep(1, controller.signal), /enough/);
    assert.ok(Math.abs(systemClock.now() - Date.now()) < 1000);
  });
});

randomConformance('system', createRandom);
