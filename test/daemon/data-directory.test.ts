import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeDrafts } from '../../src/daemon/data-directory.ts';

test('rule 5.9: what was being written when its writer was killed is gone after the next start; nothing else is', async () => {
  const root = await mkdtemp('/tmp/cutover-test-drafts-');
  await using _root = { [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
  // The last one is of somebody who starts at the same time.
  const kept = ['settings.json', 'server.json', 'platform-id.1a2b3c4d.tmp'];
  for (const name of [...kept, 'settings.json.20537.tmp', 'server.json.4194304.tmp'])
    await writeFile(join(root, name), '');
  await removeDrafts({ root });
  assert.deepEqual((await readdir(root)).toSorted(), kept.toSorted());
});
