import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { stableOnly } from '../../../src/domain/route.ts';
import { leaseMs, type StoreBench } from './bench.ts';
import { claimed, completed, deploying, observedPair, ready, recordOf, stateOf } from './steps.ts';

export function pauseConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  const refused = { code: 'illegal_transition' };

  /** Claims it for what is wanted of it, and does that. */
  async function paused(environmentId: string) {
    const first = await completed(bench, environmentId);
    await bench.deployments.requestPause(first.deploymentId, 'ann');
    const lease = await bench.claim();
    assert.equal(lease?.deploymentId, first.deploymentId);
    await bench.deployments.write(lease, { transition: { type: 'paused' }, wantDone: true });
    await bench.deployments.release(lease, 0);
    return { first, lease };
  }

  test('2.2 a rollout that is paused is held by its worker, remembers where it was, and goes on from there', async () => {
    for (const step of [deploying, ready]) {
      await bench.reset();
      const lease = await step(bench, bench.production);
      const from = await stateOf(bench, lease.deploymentId);
      await bench.deployments.requestPause(lease.deploymentId, 'ann');
      assert.equal((await bench.deployments.heartbeat([lease], leaseMs)).get(lease.deploymentId), 'pause');
      await bench.deployments.write(lease, { transition: { type: 'paused' }, reason: 'paused by ann', wantDone: true });
      const { deployment, want } = await recordOf(bench, lease.deploymentId);
      assert.deepEqual([deployment.state, deployment.pausedFrom, want], ['paused', from, null]);
      await bench.deployments.requestResume(lease.deploymentId, 'bob');
      const again = await bench.claim();
      assert.equal(again?.deploymentId, lease.deploymentId);
      assert.ok(again.fence > lease.fence);
      await bench.deployments.write(again, {
        transition: { type: 'resumed', to: deployment.pausedFrom! },
        wantDone: true,
      });
      const resumed = (await recordOf(bench, lease.deploymentId)).deployment;
      assert.deepEqual([resumed.state, resumed.pausedFrom, resumed.reason], [from, null, null]);
    }
  });

  test('2.2 who paused and who resumed is on the timeline', async () => {
    const lease = await ready(bench, bench.production);
    await bench.deployments.requestPause(lease.deploymentId, 'ann');
    await bench.deployments.write(lease, { transition: { type: 'paused' }, wantDone: true });
    await bench.deployments.requestResume(lease.deploymentId, 'bob');
    const again = await bench.claim();
    assert.ok(again);
    await bench.deployments.write(again, { transition: { type: 'resumed', to: 'ready' }, wantDone: true });
    const entries = await bench.queries.timeline(lease.deploymentId, 0, 100);
    const told = entries.flatMap(({ entry }) => (entry.kind === 'paused' || entry.kind === 'resumed' ? [entry] : []));
    assert.deepEqual(told, [
      { kind: 'paused', by: 'ann' },
      { kind: 'resumed', by: 'bob' },
    ]);
  });

  test('2.4 while a rollout is paused nothing else is deployed to its environment', async () => {
    const lease = await ready(bench, bench.production);
    await bench.deployments.requestPause(lease.deploymentId, 'ann');
    await bench.deployments.write(lease, { transition: { type: 'paused' }, wantDone: true });
    await bench.deployments.release(lease, 0);
    await bench.trigger(bench.production);
    assert.equal(await bench.claim(), null);
    const queue = await bench.queries.queue(null);
    assert.deepEqual(
      queue.map(({ state }) => state),
      ['paused', 'pending'],
    );
  });

  test('2.2 what serves is claimed with a new fence to be paused, and again to be resumed', async () => {
    const { first, lease } = await paused(bench.production);
    assert.ok(lease.fence > first.fence);
    assert.equal(await bench.claim(), null, 'nothing is wanted of it');
    const { deployment } = await recordOf(bench, first.deploymentId);
    assert.deepEqual([deployment.state, deployment.pausedFrom], ['paused', 'completed']);
    await bench.deployments.requestResume(first.deploymentId, 'bob');
    const again = await bench.claim();
    assert.ok(again !== null && again.fence > lease.fence);
    await bench.deployments.write(again, { wantDone: true, reason: 'gate (last answer 503)' });
    assert.equal((await recordOf(bench, first.deploymentId)).deployment.reason, 'gate (last answer 503)');
    assert.equal(await bench.claim(), null, 'it stays paused until somebody asks again');
    await bench.deployments.requestResume(first.deploymentId, 'bob');
    const last = await bench.claim();
    assert.ok(last);
    await bench.deployments.write(last, { transition: { type: 'resumed', to: 'completed' }, wantDone: true });
    const resumed = (await recordOf(bench, first.deploymentId)).deployment;
    assert.deepEqual(
      [resumed.state, resumed.completedAt, resumed.readyAt, resumed.finishedAt],
      ['completed', deployment.completedAt, deployment.readyAt, deployment.finishedAt],
    );
  });

  test('2.4 what serves and is paused or resumed now keeps others waiting, also after a crash of its worker', async () => {
    const first = await completed(bench, bench.production);
    await bench.deployments.requestPause(first.deploymentId, 'ann');
    const lease = await bench.claim();
    assert.ok(lease);
    await bench.trigger(bench.production);
    assert.equal(await bench.claim(), null);
    await bench.deployments.heartbeat([lease], -1);
    const again = await bench.claim();
    assert.deepEqual([again?.deploymentId, again?.epoch], [lease.deploymentId, lease.epoch + 1]);
    assert.equal(again?.fence, lease.fence, 'nobody else has changed anything');
  });

  test('what serves and is paused does not keep a new deployment from replacing it, and cannot be resumed then', async () => {
    const { first } = await paused(bench.production);
    await completed(bench, bench.production);
    await assert.rejects(bench.deployments.requestResume(first.deploymentId, 'ann'), refused);
  });

  test('2.2 a pause is refused where there is nothing to pause, and says why', async () => {
    const { old, fresh } = await observedPair(bench, bench.production);
    await assert.rejects(bench.deployments.requestPause(old.deploymentId, 'ann'), {
      ...refused,
      message: /does not serve/,
    });
    const next = await claimed(bench, bench.production);
    await assert.rejects(
      bench.deployments.requestPause(next.deploymentId, 'ann'),
      refused,
      'running can be cancelled instead',
    );
    await assert.rejects(bench.deployments.requestPause(fresh.deploymentId, 'ann'), {
      ...refused,
      message: /has to wait/,
    });
    await assert.rejects(bench.deployments.requestResume(fresh.deploymentId, 'ann'), refused);
    const waiting = await bench.trigger(bench.staging);
    await assert.rejects(bench.deployments.requestPause(waiting, 'ann'), refused);
  });

  test('2.2 what is held goes on from where it was, and from nowhere else', async () => {
    const lease = await ready(bench, bench.production);
    await bench.deployments.write(lease, { transition: { type: 'paused' } });
    for (const to of ['deploying', 'completed'] as const) {
      await assert.rejects(bench.deployments.write(lease, { transition: { type: 'resumed', to } }), refused);
    }
    assert.equal((await recordOf(bench, lease.deploymentId)).deployment.pausedFrom, 'ready');
  });

  test('5.9 a pause of what serves that is half done is its worker’s, and is gone on with after a crash', async () => {
    const first = await completed(bench, bench.production);
    await bench.deployments.requestPause(first.deploymentId, 'ann');
    const lease = await bench.claim();
    assert.ok(lease);
    await bench.deployments.write(lease, { transition: { type: 'paused' } });
    assert.equal(await bench.claim(), null);
    await bench.deployments.release(lease, 0);
    assert.equal((await bench.claim())?.epoch, lease.epoch + 1);
  });

  test('2.4 a rollout that was resumed and has come to its end keeps nobody waiting', async () => {
    const lease = await ready(bench, bench.production);
    await bench.deployments.write(lease, { transition: { type: 'paused' } });
    await bench.deployments.requestResume(lease.deploymentId, 'bob');
    const again = await bench.claim();
    assert.ok(again);
    await bench.deployments.write(again, { transition: { type: 'resumed', to: 'ready' } });
    await bench.deployments.write(again, { transition: { type: 'predecessor-drained' } });
    const next = await bench.trigger(bench.production);
    assert.equal((await bench.claim())?.deploymentId, next);
  });

  test('2.2 pausing what is paused is refused', async () => {
    const { first } = await paused(bench.production);
    await assert.rejects(bench.deployments.requestPause(first.deploymentId, 'ann'), refused);
  });

  test('a pause that still waits gives way when another deployment serves', async () => {
    const first = await completed(bench, bench.production);
    // So that the next one is claimed before the pause can be.
    await bench.deployments.release(first, 60_000);
    await bench.deployments.requestPause(first.deploymentId, 'ann');
    const next = await deploying(bench, bench.production);
    await bench.deployments.release(first, 0);
    assert.equal((await recordOf(bench, first.deploymentId)).want, 'pause');
    assert.equal(await bench.claim([next.deploymentId]), null, 'not while another is rolled out');
    await bench.deployments.write(next, { transition: { type: 'traffic-received' }, becomesCurrent: true });
    assert.equal((await recordOf(bench, first.deploymentId)).want, null);
  });

  test('a pause that still waits stays when what is to be paused serves again', async () => {
    const first = await completed(bench, bench.production);
    await bench.deployments.release(first, 60_000);
    await bench.deployments.requestPause(first.deploymentId, 'ann');
    const next = await deploying(bench, bench.production);
    await bench.deployments.write(next, { becomesCurrentAgain: first.deploymentId });
    const { want, serves } = await recordOf(bench, first.deploymentId);
    assert.deepEqual([want, serves], ['pause', true]);
  });

  test('what is to be taken back, or deleted, is not paused, and is not completed before that', async () => {
    const verdict = { outcome: 'failed', code: 'gate_failed', reason: 'too many errors' } as const;
    const lease = await ready(bench, bench.production);
    await bench.deployments.requestPause(lease.deploymentId, 'ann');
    assert.equal(await bench.deployments.requestTakeBack(lease.deploymentId, verdict), true);
    const record = await recordOf(bench, lease.deploymentId);
    assert.deepEqual([record.want, record.wantedVerdict], ['take-back', verdict]);
    await assert.rejects(bench.deployments.requestPause(lease.deploymentId, 'ann'), {
      ...refused,
      message: /taken back/,
    });
    for (const type of ['paused', 'predecessor-drained'] as const) {
      await assert.rejects(bench.deployments.write(lease, { transition: { type } }), { code: 'cancelled' });
    }
    await bench.deployments.write(lease, { wantDone: true });
    assert.equal((await recordOf(bench, lease.deploymentId)).want, 'take-back', 'that is done by nothing but the end');
  });

  test('5.6 what is to be taken back gets no traffic from a leader that has not heard of it; taking it back may move it', async () => {
    const verdict = { outcome: 'failed', code: 'rolled_back', reason: 'too many errors' } as const;
    const lease = await deploying(bench, bench.production);
    await bench.deployments.requestTakeBack(lease.deploymentId, verdict);
    await assert.rejects(bench.deployments.write(lease, { route: stableOnly(1) }), { code: 'cancelled' });
    await bench.deployments.write(lease, { route: null });
    await bench.deployments.write(lease, { route: stableOnly(7), verdict });
    await bench.deployments.write(lease, { route: stableOnly(8) });
    assert.deepEqual((await bench.deployments.route(bench.production))?.target, stableOnly(8));
  });

  test('what is to be deleted is neither merely cancelled nor merely taken back', async () => {
    const verdict = { outcome: 'failed', code: 'rolled_back', reason: 'too many errors' } as const;
    const running = await claimed(bench, bench.production);
    const rollout = await deploying(bench, bench.staging);
    for (const name of ['production', 'staging'] as const) await bench.world.askToEnd(bench.deletionOf(name));
    await bench.deployments.requestCancel(running.deploymentId);
    assert.equal(await bench.deployments.requestTakeBack(rollout.deploymentId, verdict), true);
    for (const { deploymentId } of [running, rollout]) {
      const { want, wantedVerdict } = await recordOf(bench, deploymentId);
      assert.deepEqual([want, wantedVerdict], ['delete', null]);
    }
  });

  test('what is being taken back already is not asked to be, and is not paused', async () => {
    const verdict = { outcome: 'failed', code: 'gate_failed', reason: 'gate' } as const;
    const lease = await deploying(bench, bench.production);
    await bench.deployments.write(lease, { verdict });
    const again = { ...verdict, code: 'rolled_back' } as const;
    assert.equal(await bench.deployments.requestTakeBack(lease.deploymentId, again), true);
    await assert.rejects(bench.deployments.requestPause(lease.deploymentId, 'ann'), refused);
    assert.equal((await recordOf(bench, lease.deploymentId)).want, null);
  });

  test('only what is rolled out is taken back', async () => {
    const verdict = { outcome: 'failed', code: 'gate_failed', reason: 'too many errors' } as const;
    const done = await completed(bench, bench.production);
    assert.equal(await bench.deployments.requestTakeBack(done.deploymentId, verdict), false);
    const running = await claimed(bench, bench.production);
    assert.equal(await bench.deployments.requestTakeBack(running.deploymentId, verdict), false);
  });

  test('2.2 a rollout that is to be held is not completed instead: as completed it would be stopped', async () => {
    const lease = await ready(bench, bench.production);
    await bench.deployments.requestPause(lease.deploymentId, 'ann');
    await assert.rejects(bench.deployments.write(lease, { transition: { type: 'predecessor-drained' } }), refused);
    await bench.deployments.write(lease, { transition: { type: 'paused' }, wantDone: true });
    assert.equal((await recordOf(bench, lease.deploymentId)).deployment.pausedFrom, 'ready');
  });

  test('5.6 a rollout that is held can be taken back: it goes on once more for that', async () => {
    const verdict = { outcome: 'failed', code: 'rolled_back', reason: 'too many errors' } as const;
    const lease = await ready(bench, bench.production);
    await bench.deployments.requestPause(lease.deploymentId, 'ann');
    await bench.deployments.write(lease, { transition: { type: 'paused' }, wantDone: true });
    await bench.deployments.release(lease, 0);
    assert.equal(await bench.claim(), null, 'nobody leads what is held');
    assert.equal(await bench.deployments.requestTakeBack(lease.deploymentId, verdict), true);
    const again = await bench.claim();
    assert.equal(again?.deploymentId, lease.deploymentId);
    await bench.deployments.write(again, { transition: { type: 'resumed', to: 'ready' } });
    await bench.deployments.write(again, { verdict });
    await bench.deployments.write(again, { transition: { type: 'failed' }, reason: verdict.reason });
    assert.equal(await stateOf(bench, lease.deploymentId), 'failed');
  });

  test('a deletion wins over a pause that comes at the same time', async () => {
    for (let round = 0; round < 10; round += 1) {
      await bench.reset();
      const lease = await ready(bench, bench.staging);
      await bench.markDeleting('staging');
      const [led] = await Promise.all([
        bench.world.askToEnd(bench.deletionOf('staging')),
        bench.deployments.requestPause(lease.deploymentId, 'ann').catch((error: { code: string }) => {
          assert.equal(error.code, refused.code);
        }),
      ]);
      assert.equal(led, 1);
      assert.equal((await recordOf(bench, lease.deploymentId)).want, 'delete');
      await assert.rejects(bench.deployments.write(lease, { transition: { type: 'paused' } }), { code: 'cancelled' });
    }
  });

  test('what is paused in an environment that is deleted is not brought back', async () => {
    const { first } = await paused(bench.staging);
    await bench.deployments.requestResume(first.deploymentId, 'ann');
    await bench.markDeleting('staging');
    const world = bench.world;
    const [deletion] = await world.deletions();
    assert.ok(deletion);
    assert.equal(await bench.world.askToEnd(bench.deletionOf('staging')), 0);
    assert.equal(await bench.claim(), null);
    await assert.rejects(bench.deployments.requestResume(first.deploymentId, 'ann'), {
      ...refused,
      message: /deleted/,
    });
    await world.stopServing(first.deploymentId, 'deleted');
    const { state, pausedFrom } = (await recordOf(bench, first.deploymentId)).deployment;
    assert.deepEqual([state, pausedFrom], ['stopped', null]);
  });

  test('many workers that claim at once never lead a pause and a deployment of one environment', async () => {
    for (let round = 0; round < 10; round += 1) {
      await bench.reset();
      const first = await completed(bench, bench.production);
      await Promise.all([bench.deployments.requestPause(first.deploymentId, 'ann'), bench.trigger(bench.production)]);
      const leases = (await Promise.all(Array.from({ length: 6 }, () => bench.claim()))).filter(
        (lease) => lease !== null,
      );
      assert.ok(leases.length <= 1);
    }
  });
}
