import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemRandom } from '../../../src/drivers/clock/system-random.ts';
import { openSecretBox } from '../../../src/drivers/secrets/secret-box.ts';
import { hashToken, newToken } from '../../../src/drivers/secrets/tokens.ts';

async function directory(context: TestContext): Promise<string> {
  const dir = await mkdtemp('/tmp/cutover-test-keys-');
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test('10 a value comes back as it was, and the same value is never sealed to the same text', async (context) => {
  const box = await openSecretBox({ dir: await directory(context) });
  const sealed = box.seal('geheim ✓', 'variable:1:value');
  assert.equal(box.open(sealed, 'variable:1:value'), 'geheim ✓');
  assert.notEqual(box.seal('geheim ✓', 'variable:1:value'), sealed);
  assert.ok(!sealed.includes('geheim'));
});

test('10 a sealed value is bound to its row, and a changed one is refused', async (context) => {
  const box = await openSecretBox({ dir: await directory(context) });
  const sealed = box.seal('geheim', 'variable:1:value');
  assert.throws(() => box.open(sealed, 'variable:2:value'), { code: 'internal' });
  const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
  assert.throws(() => box.open(changed, 'variable:1:value'), { code: 'internal' });
});

test('10 the newest key seals and older ones still open', async (context) => {
  const dir = await directory(context);
  const sealed = (await openSecretBox({ dir })).seal('old', 'row');
  await writeFile(join(dir, '0002-00000000.key'), `${'ab'.repeat(32)}\n`);
  const box = await openSecretBox({ dir });
  assert.equal(box.open(sealed, 'row'), 'old');
  assert.ok(box.seal('new', 'row').startsWith('0002-'));
});

test('10 keys are for their owner alone', async (context) => {
  const dir = await directory(context);
  await openSecretBox({ dir });
  const [name] = await readdir(dir);
  assert.equal((await stat(join(dir, name ?? ''))).mode & 0o777, 0o600);
});

test('9.4 tokens are 256 random bits and stored as their hash', () => {
  const token = newToken();
  assert.match(token, /^cut_[\w-]{43}$/);
  assert.notEqual(newToken(), token);
  assert.equal(hashToken(token), hashToken(token));
  assert.ok(!hashToken(token).includes(token.slice(4)));
});

test('ids are UUIDs of version 7 in ascending order, also many in one millisecond', () => {
  const ids = Array.from({ length: 20_000 }, () => systemRandom.id());
  assert.match(ids[0] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(ids.toSorted(), ids);
  assert.equal(new Set(ids).size, ids.length);
});
