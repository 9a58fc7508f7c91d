import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tendCrashes } from '../../../src/engine/reconcile/tend-crashes.ts';
import type { Pass } from '../../../src/engine/reconcile/reconciler.ts';

const address = '10.0.0.2';

test('rule 5.5: one of several that is well again is a new server to the router, so that it is up at once', async () => {
  const found = { endpoint: `${address}:3000`, draining: true, inFlight: 0 };
  assert.deepEqual(await doneToRejoin(found), ['remove i1', 'add i1']);
});

test('rule 5.5: one that moved is added before the old one goes', async () => {
  const found = { endpoint: '10.0.0.9:3000', draining: true, inFlight: 0 };
  assert.deepEqual(await doneToRejoin(found), ['add i1']);
});

test('rule 5.5: one that has been put back by another control plane keeps its visitors', async () => {
  const found = { endpoint: `${address}:3000`, draining: false, inFlight: 1 };
  assert.deepEqual(await doneToRejoin(found), []);
});

test('rule 5.5: of one that was taken out while it answered, nothing is cut off', async () => {
  const found = { endpoint: `${address}:3000`, draining: true, inFlight: 1 };
  assert.deepEqual(await doneToRejoin(found), ['add i1']);
});

interface FoundServer {
  readonly endpoint: string;
  readonly draining: boolean;
  readonly inFlight: number;
}

/** What is done to the router for an instance that crashed, is up again under `address`, and is known to the router like this. */
async function doneToRejoin({ endpoint, draining, inFlight }: FoundServer): Promise<readonly string[]> {
  const done: string[] = [];
  const work: Promise<unknown>[] = [];
  const router = {
    snapshot: () => Promise.resolve({ servers: [{ slot: 1, name: 'i1', endpoint, draining }] }),
    inFlight: () => Promise.resolve(inFlight),
    removeServer: (_slot: number, name: string) => Promise.resolve(void done.push(`remove ${name}`)),
    addServer: (_slot: number, { name }: { readonly name: string }) => Promise.resolve(void done.push(`add ${name}`)),
  };
  const ports = {
    router,
    clock: { monotonic: () => 0, sleep: () => Promise.resolve() },
    runtime: { status: () => Promise.resolve({ running: true, address }) },
    prober: { probe: () => Promise.resolve({ type: 'answered', status: 200 }) },
  };
  const world = {
    updateInstances: () => Promise.resolve(),
    recovered: () => Promise.resolve(),
    whileOwning: (_owner: unknown, tend: () => Promise<void>) => tend(),
  };
  const health = { healthyThreshold: 2, statusMin: 200, statusMax: 299 };
  const deployment = { configuration: { settings: { replicas: 2, health } } };
  const crashed = { phase: 'serving', process: 'web', ordinal: 1, port: 3000, crashedAt: '2026-01-01T00:00:00.000Z' };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is used
  const pass = {
    workshop: { ports },
    world,
    desired: { deployments: [{ deployment, slot: 1, instances: [crashed] }] },
    inBackground: (_key: string, tend: () => Promise<unknown>) => work.push(tend()),
  } as unknown as Pass;
  await tendCrashes(pass);
  await Promise.all(work);
  return done;
}
