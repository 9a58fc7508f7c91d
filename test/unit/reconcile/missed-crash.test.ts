import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instance } from '../../../src/domain/deployment.ts';
import type { WorldStore } from '../../../src/engine/ports/deployment-store.ts';
import type { InstanceStatus } from '../../../src/engine/ports/runtime.ts';
import { noteMissedCrash } from '../../../src/engine/reconcile/tend-crashes.ts';
import type { Workshop } from '../../../src/engine/workflows/deployment-run.ts';

test('rule 5.5: an instance that was down before it crashed unseen is said to be well only by whoever puts it back', async () => {
  assert.deepEqual(await recoveredAfter('2026-01-01T00:00:00.000Z'), []);
});

test('rule 5.5: one that crashed unseen, and was in rotation all the time, is well as soon as that is noted', async () => {
  assert.deepEqual(await recoveredAfter(null), ['one']);
});

/** Those that were said to be well. */
async function recoveredAfter(crashedAt: string | null): Promise<readonly string[]> {
  const recovered: string[] = [];
  const world: Pick<WorldStore, 'crashed' | 'recovered' | 'updateInstances'> = {
    updateInstances: () => Promise.resolve(),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whether it was one that serves is all that is asked
    crashed: () => Promise.resolve({} as Awaited<ReturnType<WorldStore['crashed']>>),
    recovered: (id) => Promise.resolve(void recovered.push(id)),
  };
  const workshop = { ports: { clock: { now: () => 60_000 } } };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of them is used
  const pass = { workshop, world } as unknown as { readonly workshop: Workshop; readonly world: WorldStore };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const [instance, status] = [
    { id: 'one', crashedAt, restarts: 1 } as Instance,
    { startedAt: 1_000, restarts: 2, outOfMemory: false } as InstanceStatus,
  ];
  await noteMissedCrash(pass, instance, status);
  return recovered;
}
