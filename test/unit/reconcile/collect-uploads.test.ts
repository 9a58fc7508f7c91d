import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Artifact } from '../../../src/domain/artifact.ts';
import type { DeploymentSource } from '../../../src/domain/source.ts';
import { collectUploads } from '../../../src/engine/reconcile/collect-uploads.ts';
import type { Pass } from '../../../src/engine/reconcile/reconciler.ts';

const upload = (id: string) => ({ id, filename: '-', sizeBytes: 1, sha256: '' });

/** Which of these are removed while these deployments are not over. */
async function removedOf(
  ids: readonly string[],
  alive: readonly { readonly source: DeploymentSource; readonly artifact: Artifact | null }[],
): Promise<readonly string[]> {
  const removed: string[] = [];
  const uploads = { remove: async (id: string) => void removed.push(id) };
  const pass = {
    workshop: { ports: { uploads }, log: { warn: () => {} } },
    found: { uploads: ids },
    desired: { deployments: alive.map((deployment) => ({ deployment })) },
    attempt: async (work: () => Promise<unknown>) => void (await work()),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a pass is much larger than what is looked at here
  await collectUploads(pass as unknown as Pass);
  return removed;
}

test('an upload that a deployment waits for stays, and every other one that nobody writes to goes', async () => {
  const bundle: Artifact = { type: 'bundle', bundle: 'b', sizeBytes: 1, spa: false };
  const removed = await removedOf(
    ['waited-for', 'used', 'nobodys'],
    [
      { source: { kind: 'image-upload', upload: upload('waited-for') }, artifact: null },
      { source: { kind: 'bundle', upload: upload('used'), spa: false }, artifact: bundle },
      { source: { kind: 'image', reference: 'a', digest: null }, artifact: null },
    ],
  );
  assert.deepEqual(removed, ['used', 'nobodys']);
});
