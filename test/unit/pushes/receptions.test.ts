import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Receptions } from '../../../src/drivers/source/hosting/receptions.ts';

async function repository() {
  const path = await mkdtemp('/tmp/cutover-test-receptions-');
  const objects = join(path, 'objects');
  await mkdir(join(objects, 'pack'), { recursive: true });
  return {
    path,
    objects,
    /** What Git makes when a push begins to come in. */
    async quarantine(name: string) {
      await mkdir(join(objects, `tmp_objdir-incoming-${name}`));
      await writeFile(join(objects, `tmp_objdir-incoming-${name}`, 'tmp_pack'), 'half');
    },
    left: () => readdir(objects),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

test('10 what a push leaves goes when nothing else comes in, and never what is coming in', async () => {
  await using t = await repository();
  const receptions = new Receptions();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await Promise.all(['first', 'second'].map((name) => t.quarantine(name)));
  const broken = receptions.during(t.path, () => first.promise);
  const going = receptions.during(t.path, () => second.promise);
  first.reject(new Error('ended by a signal'));
  await assert.rejects(broken, /ended by a signal/);
  assert.deepEqual((await t.left()).toSorted(), ['pack', 'tmp_objdir-incoming-first', 'tmp_objdir-incoming-second']);
  second.resolve();
  await going;
  assert.deepEqual(await t.left(), ['pack']);
});

test('10 a push that begins while the last one is cleared away waits for that, and keeps what it brings', async () => {
  await using t = await repository();
  const receptions = new Receptions();
  for (let round = 1; round <= 50; round += 1) {
    await t.quarantine(`old-${round}`);
    const ended = receptions.during(t.path, () => Promise.resolve());
    // The one is over, and being cleared away.
    for (let turn = 0; turn < round % 10; turn += 1) await Promise.resolve();
    const next = receptions.during(t.path, async () => {
      await t.quarantine(`new-${round}`);
      await ended;
      assert.ok((await t.left()).includes(`tmp_objdir-incoming-new-${round}`), `round ${round}`);
    });
    await Promise.all([ended, next]);
    assert.deepEqual(await t.left(), ['pack']);
  }
});
