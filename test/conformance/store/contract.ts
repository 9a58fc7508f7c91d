import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { pipeline } from '../../../src/domain/job.ts';
import type { Lease, OpenedObservation } from '../../../src/engine/ports/deployment-store.ts';
import type { StoreBench } from './bench.ts';
import { completed, ready, recordOf } from './steps.ts';

export function contractConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  const plan = pipeline({ kind: 'git', target: 'image', release: false, contract: true });

  /** Completed, with a contract step that has not run. */
  async function contracting(observation?: OpenedObservation) {
    const lease = await ready(bench, bench.production, observation === undefined ? {} : { observation });
    await bench.deployments.write(lease, { plan, transition: { type: 'predecessor-drained' } });
    await bench.deployments.release(lease, 0);
    return lease;
  }

  /** What somebody wants of it, and whether its contract step is due, which nobody has to want. */
  async function wishes({ deploymentId }: Lease) {
    const { want, contractDue } = await recordOf(bench, deploymentId);
    return { want, contractDue };
  }

  async function contractOf({ deploymentId }: Lease) {
    const job = (await recordOf(bench, deploymentId)).jobs.find(({ type }) => type === 'RunContractJob');
    return [job?.status, job?.error];
  }

  test('5.8 without an observation the contract step is due at completion, and once', async () => {
    const lease = await contracting();
    assert.deepEqual(await wishes(lease), { want: null, contractDue: true });
    const claimed = await bench.claim();
    assert.equal(claimed?.deploymentId, lease.deploymentId);
    assert.equal(await bench.claim(), null, 'by one worker');
    await bench.deployments.write(claimed, { jobs: [{ type: 'RunContractJob', status: 'success' }], wantDone: true });
    await bench.deployments.release(claimed, 0);
    assert.deepEqual(await wishes(lease), { want: null, contractDue: false });
    assert.equal(await bench.claim(), null);
  });

  test('5.8 it is due only when the observation has passed, not when it has ended otherwise', async () => {
    const observations = bench.observations;
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
    await bench.deployments.write(claimed, { jobs: [{ type: 'RunContractJob', status: 'running' }] });
    await bench.deployments.release(claimed, 0);
    assert.deepEqual(await wishes(claimed), { want: null, contractDue: true });
    assert.equal((await bench.claim())?.deploymentId, claimed.deploymentId);
  });

  test('5.8 what somebody wants of a version comes before its contract step, which stays due', async () => {
    const lease = await contracting();
    await bench.deployments.requestPause(lease.deploymentId, 'ann');
    assert.deepEqual(await wishes(lease), { want: 'pause', contractDue: true });
  });

  test('5.8 an observation that ends without having passed skips the contract step, with the reason', async () => {
    const observations = bench.observations;
    const lease = await contracting({ standbyId: null, endsInMs: 60_000 });
    await observations.close(lease.deploymentId, { outcome: 'interrupted', message: 'it did badly' });
    assert.deepEqual(await contractOf(lease), ['skipped', 'the observation did not pass: it did badly']);
    const timeline = await bench.queries.timeline(lease.deploymentId, 0, 100);
    const told = timeline.map(({ entry }) => entry).filter((entry) => entry.kind === 'job.finished');
    const error = 'the observation did not pass: it did badly';
    assert.deepEqual(told, [{ kind: 'job.finished', job: 'RunContractJob', status: 'skipped', error }]);
  });

  test('5.8 a newer deployment that switches skips the contract step of the one it supersedes, at once', async () => {
    const first = await contracting({ standbyId: null, endsInMs: 60_000 });
    const next = await ready(bench, bench.production, {
      observation: { standbyId: first.deploymentId, endsInMs: 60_000 },
    });
    const { number } = (await recordOf(bench, next.deploymentId)).deployment;
    assert.deepEqual(await contractOf(first), ['skipped', `the observation did not pass: superseded by #${number}`]);
  });

  test('5.8 a version that is paused while it is observed skips its contract step', async () => {
    const lease = await contracting({ standbyId: null, endsInMs: 60_000 });
    await bench.deployments.requestPause(lease.deploymentId, 'ann');
    const again = await bench.claim();
    assert.equal(again?.deploymentId, lease.deploymentId);
    await bench.deployments.write(again, { transition: { type: 'paused' }, reason: 'paused by ann', wantDone: true });
    assert.deepEqual(await contractOf(lease), ['skipped', 'the observation did not pass: paused by ann']);
  });

  test('5.8 one that has run, or has begun, keeps how it ended', async () => {
    const observations = bench.observations;
    for (const status of ['running', 'success', 'failure'] as const) {
      await bench.reset();
      const lease = await ready(bench, bench.production, { observation: { standbyId: null, endsInMs: 60_000 } });
      await bench.deployments.write(lease, { plan });
      await bench.deployments.write(lease, { jobs: [{ type: 'RunContractJob', status }] });
      await observations.close(lease.deploymentId, { outcome: 'interrupted', message: '' });
      assert.equal((await contractOf(lease))[0], status);
    }
  });

  test('5.8 what is replaced before that skips its contract step', async () => {
    const first = await contracting({ standbyId: null, endsInMs: 60_000 });
    const second = await completed(bench, bench.production);
    await bench.deployments.write(second, { retired: { deploymentId: first.deploymentId, reason: 'replaced by #2' } });
    const { jobs } = await recordOf(bench, first.deploymentId);
    assert.equal(jobs.find(({ type }) => type === 'RunContractJob')?.status, 'skipped');
  });

  test('5.8 it is due only for what serves, and not where everything is being deleted', async () => {
    const lease = await contracting();
    await bench.markDeleting('production');
    assert.deepEqual(await wishes(lease), { want: null, contractDue: false });
    await bench.reset();
    const replaced = await contracting();
    await bench.deployments.release(replaced, 60_000);
    await ready(bench, bench.production);
    assert.deepEqual(await wishes(replaced), { want: null, contractDue: false });
  });

  test('2.4 it waits while another deployment is rolled out', async () => {
    const lease = await contracting();
    await bench.deployments.release(lease, 60_000);
    const next = await ready(bench, bench.staging);
    await bench.trigger(bench.production);
    const rollout = await bench.claim([next.deploymentId]);
    assert.equal(rollout?.environmentId, bench.production);
    await bench.deployments.release(lease, 0);
    assert.equal(await bench.claim(), null);
    await bench.deployments.write(rollout, { transition: { type: 'failed' } });
    assert.equal((await bench.claim())?.deploymentId, lease.deploymentId);
  });
}
