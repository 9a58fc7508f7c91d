import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { pipeline } from '../../../src/domain/job.ts';
import type { OpenedObservation } from '../../../src/engine/ports/deployment-store.ts';
import { createObservationStore } from '../../../src/store/observations.ts';
import { journalBench, type JournalBench } from './journal-setup.ts';
import { completed, ready, recordOf } from './journal-steps.ts';

let bench: JournalBench;
before(async () => {
  bench = await journalBench();
});
after(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.reset());

const plan = pipeline({ kind: 'git', target: 'image', release: false, contract: true });

/** Completed, with a contract step that has not run. */
async function contracting(observation?: OpenedObservation) {
  const lease = await ready(bench, bench.production, observation === undefined ? {} : { observation });
  await bench.store.write(lease, { plan, transition: { type: 'predecessor-drained' } });
  await bench.store.release(lease, 0);
  return lease;
}

test('5.8 without an observation the contract step is due at completion, and once', async () => {
  const lease = await contracting();
  assert.equal((await recordOf(bench, lease.deploymentId)).want, 'contract');
  const claimed = await bench.claim();
  assert.equal(claimed?.deploymentId, lease.deploymentId);
  assert.equal(await bench.claim(), null, 'by one worker');
  await bench.store.write(claimed, { jobs: [{ type: 'RunContractJob', status: 'success' }], wantDone: true });
  await bench.store.release(claimed, 0);
  assert.equal((await recordOf(bench, lease.deploymentId)).want, null);
  assert.equal(await bench.claim(), null);
});

test('5.8 it is due only when the observation has passed, not when it has ended otherwise', async () => {
  const observations = createObservationStore(bench.database.db);
  for (const outcome of ['passed', 'rolled-back', 'interrupted'] as const) {
    await bench.reset();
    const lease = await contracting({ standbyId: null, endsInMs: 60_000 });
    assert.equal(await bench.claim(), null);
    await observations.close(lease.deploymentId, { outcome, message: '' });
    assert.equal((await bench.claim())?.deploymentId, outcome === 'passed' ? lease.deploymentId : undefined);
  }
});

test('5.9 a contract step whose worker is gone is gone on with', async () => {
  await contracting();
  const claimed = await bench.claim();
  assert.ok(claimed);
  await bench.store.write(claimed, { jobs: [{ type: 'RunContractJob', status: 'running' }] });
  await bench.store.release(claimed, 0);
  assert.equal((await recordOf(bench, claimed.deploymentId)).want, 'contract');
  assert.equal((await bench.claim())?.deploymentId, claimed.deploymentId);
});

test('5.8 what is replaced before that skips its contract step', async () => {
  const first = await contracting({ standbyId: null, endsInMs: 60_000 });
  const second = await completed(bench, bench.production);
  await bench.store.write(second, { retired: { deploymentId: first.deploymentId, reason: 'replaced by #2' } });
  const { jobs } = await recordOf(bench, first.deploymentId);
  assert.equal(jobs.find(({ type }) => type === 'RunContractJob')?.status, 'skipped');
});
