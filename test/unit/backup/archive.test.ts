import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { readArchive, writeArchive } from '../../../src/drivers/backup/archive-file.ts';
import { endOfArchive, readParts, writePart } from '../../../src/drivers/backup/archive-parts.ts';

const signal = AbortSignal.timeout(60_000);
const passphrase = 'correct horse battery staple';

async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp('/tmp/cutover-test-backup-');
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

type Contents = Readonly<Record<string, Buffer>>;

async function* once(content: Buffer) {
  yield content;
}

async function* blocks(contents: Contents) {
  for (const [name, content] of Object.entries(contents)) yield* writePart(name, once(content));
  yield endOfArchive;
}

async function read(path: string, secret: string | null): Promise<Record<string, Buffer>> {
  const found: Record<string, Buffer> = {};
  for await (const { name, content } of readParts(readArchive({ path, passphrase: secret }, signal))) {
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(chunk);
    found[name] = Buffer.concat(chunks);
  }
  return found;
}

/** One of several pieces, one of none, and one whose name does not fit the short field. */
const contents: Contents = {
  'tables/large.ndjson': randomBytes(9_000_000),
  empty: Buffer.alloc(0),
  [`logs/${'a-long-segment-of-a-name-'.repeat(3)}/${'b'.repeat(90)}`]: Buffer.from('log'),
};

for (const secret of [null, passphrase]) {
  const kind = secret === null ? 'plain' : 'sealed';

  test(`what is written into a ${kind} archive is what is read from it`, async (t) => {
    const path = join(await temporary(t), 'archive');
    const size = await writeArchive({ path, passphrase: secret }, blocks(contents), signal);
    assert.deepEqual(await read(path, secret), contents);
    const status = await stat(path);
    assert.deepEqual([status.size, status.mode & 0o777], [size, 0o600]);
  });

  test(`a ${kind} archive that is cut off anywhere is refused`, async (t) => {
    const directory = await temporary(t);
    const path = join(directory, 'archive');
    await writeArchive({ path, passphrase: secret }, blocks({ part: randomBytes(300_000) }), signal);
    const whole = await readFile(path);
    // The last bytes of what is only compressed carry nothing; those of a sealed file do.
    const almost = whole.length - (secret === null ? 30 : 1);
    for (const length of [0, 3, 20, 40, 100, 70_000, 131_185, almost]) {
      await writeFile(path, whole.subarray(0, length));
      await assert.rejects(read(path, secret), { code: 'backup_invalid' }, `after ${length} of ${whole.length} bytes`);
    }
  });
}

test('a sealed archive in which one bit is another is refused, wherever it is', async (t) => {
  const path = join(await temporary(t), 'archive');
  await writeArchive({ path, passphrase }, blocks({ part: randomBytes(300_000) }), signal);
  const whole = await readFile(path);
  for (const at of [60, 70, 66_000, 200_000, whole.length - 1]) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(path, changed);
    await assert.rejects(read(path, passphrase), { code: 'backup_invalid' }, `at ${at}`);
  }
});

test('a sealed archive says that the passphrase is missing or another one, and shows nothing without it', async (t) => {
  const path = join(await temporary(t), 'archive');
  const text = 'nobody is to read this '.repeat(100);
  await writeArchive({ path, passphrase }, blocks({ part: Buffer.from(text) }), signal);
  await assert.rejects(read(path, null), { code: 'backup_locked' });
  await assert.rejects(read(path, 'incorrect horse'), { code: 'backup_locked' });
  assert.ok(!(await readFile(path)).includes('nobody is to read'));
});

test('what is no archive is refused', async (t) => {
  const path = join(await temporary(t), 'archive');
  await writeFile(path, 'hello');
  await assert.rejects(read(path, null), { code: 'backup_invalid' });
  await assert.rejects(read(`${path}-missing`, null), { code: 'not_found' });
});

async function* failing() {
  yield* writePart('part', once(randomBytes(100_000)));
  throw new Error('the source is gone');
}

test('an archive is written whole or not at all, and replaces nothing', async (t) => {
  const directory = await temporary(t);
  const path = join(directory, 'archive');
  await assert.rejects(writeArchive({ path, passphrase: null }, failing(), signal), /the source is gone/);
  assert.deepEqual(await readdir(directory), []);
  await writeFile(path, 'mine');
  await assert.rejects(writeArchive({ path, passphrase: null }, blocks({}), signal), { code: 'already_exists' });
  assert.deepEqual([await readdir(directory), await readFile(path, 'utf8')], [['archive'], 'mine']);
});

test('every tar opens a plain archive, and cat puts a part together again', async (t) => {
  const directory = await temporary(t);
  const path = join(directory, 'archive');
  await writeArchive({ path, passphrase: null }, blocks(contents), signal);
  const tar = await buffer(readArchive({ path, passphrase: null }, signal));
  execFileSync('tar', ['-x', '-C', directory], { input: tar });
  const pieces = (await readdir(join(directory, 'tables'))).toSorted();
  assert.deepEqual(pieces, ['large.ndjson.00000', 'large.ndjson.00001', 'large.ndjson.00002']);
  const found = await Promise.all(pieces.map((name) => readFile(join(directory, 'tables', name))));
  assert.ok(Buffer.concat(found).equals(contents['tables/large.ndjson'] ?? Buffer.alloc(0)));
});
