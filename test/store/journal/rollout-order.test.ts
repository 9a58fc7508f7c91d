import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { rolloutStatus } from '../../../src/engine/commands/rollout-status.ts';
import { stableOnly } from '../../../src/domain/route.ts';
import type { Lease, OpenedObservation } from '../../../src/engine/ports/deployment-store.ts';
import { createDeploymentQueries } from '../../../src/store/deployment-queries.ts';
import { environmentStore } from '../../../src/store/environments.ts';
import { JournalBench } from './journal-setup.ts';
import { observedPair, recordOf, rollbackOf } from '../../conformance/store/steps.ts';

const bench = new JournalBench();
before(() => bench.open());
after(() => bench.close());
beforeEach(() => bench.reset());

async function lead(lease: Lease, observation: OpenedObservation): Promise<void> {
  const slot = await bench.deployments.takeSlot(lease, 100);
  assert.ok(slot !== null);
  await bench.deployments.write(lease, { transition: { type: 'instances-starting' } });
  const route = stableOnly(slot);
  await bench.deployments.write(lease, {
    transition: { type: 'traffic-received' },
    route,
    becomesCurrent: true,
    observation,
  });
  await bench.deployments.write(lease, { transition: { type: 'predecessor-drained' } });
  await bench.deployments.release(lease, 0);
}

async function status() {
  const environment = await environmentStore(bench.database.db).find(bench.projectId, 'production');
  assert.ok(environment);
  const dependencies = {
    deployments: bench.deployments,
    queries: createDeploymentQueries(bench.database.db),
    router: { inFlight: () => Promise.resolve(0) },
  };
  const { fresh, old } = await rolloutStatus(dependencies, environment, AbortSignal.timeout(5_000));
  return [fresh?.deployment.id, old?.deployment.id];
}

test('9.2 what serves and what served before are told by their traffic, not by their numbers', async () => {
  const pair = await observedPair(bench, bench.production);
  assert.deepEqual(await status(), [pair.fresh.deploymentId, pair.old.deploymentId]);
  // A deployment waits, an automatic rollback of a higher number goes ahead of it, and then it is deployed.
  const waiting = await bench.trigger(bench.production);
  const rollback = await bench.trigger(bench.production, { origin: rollbackOf(pair, true) });
  const ahead = await bench.claim();
  assert.equal(ahead?.deploymentId, rollback);
  await lead(ahead, { standbyId: null, endsInMs: 60_000 });
  const behind = await bench.claim();
  assert.equal(behind?.deploymentId, waiting);
  await lead(behind, { standbyId: rollback, endsInMs: 60_000 });
  assert.ok((await recordOf(bench, rollback)).deployment.number > (await recordOf(bench, waiting)).deployment.number);
  assert.deepEqual(await status(), [waiting, rollback]);
});
