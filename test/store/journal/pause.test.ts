import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createDeploymentQueries } from '../../../src/store/deployment-queries.ts';
import { createWorldStore } from '../../../src/store/world.ts';
import { journalBench, type JournalBench } from './journal-setup.ts';
import { claimed, completed, deploying, observedPair, ready, recordOf, stateOf } from './journal-steps.ts';

let bench: JournalBench;
before(async () => {
  bench = await journalBench();
});
after(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.reset());

const refused = { code: 'illegal_transition' };

/** Claims it for what is wanted of it, and does that. */
async function paused(environmentId: string) {
  const first = await completed(bench, environmentId);
  await bench.store.requestPause(first.deploymentId, 'ann');
  const lease = await bench.claim();
  assert.equal(lease?.deploymentId, first.deploymentId);
  await bench.store.write(lease, { transition: { type: 'paused' }, wantDone: true });
  await bench.store.release(lease, 0);
  return { first, lease };
}

test('2.2 a rollout that is paused is held by its worker, remembers where it was, and goes on from there', async () => {
  for (const step of [deploying, ready]) {
    await bench.reset();
    const lease = await step(bench, bench.production);
    const from = await stateOf(bench, lease.deploymentId);
    await bench.store.requestPause(lease.deploymentId, 'ann');
    assert.equal((await bench.store.heartbeat([lease], 10_000)).get(lease.deploymentId), 'pause');
    await bench.store.write(lease, { transition: { type: 'paused' }, reason: 'paused by ann', wantDone: true });
    const { deployment, want } = await recordOf(bench, lease.deploymentId);
    assert.deepEqual([deployment.state, deployment.pausedFrom, want], ['paused', from, null]);
    await bench.store.requestResume(lease.deploymentId, 'bob');
    const again = await bench.claim();
    assert.equal(again?.deploymentId, lease.deploymentId);
    assert.ok(again.fence > lease.fence);
    await bench.store.write(again, { transition: { type: 'resumed', to: deployment.pausedFrom! }, wantDone: true });
    const resumed = (await recordOf(bench, lease.deploymentId)).deployment;
    assert.deepEqual([resumed.state, resumed.pausedFrom, resumed.reason], [from, null, null]);
  }
});

test('2.2 who paused and who resumed is on the timeline', async () => {
  const lease = await ready(bench, bench.production);
  await bench.store.requestPause(lease.deploymentId, 'ann');
  await bench.store.write(lease, { transition: { type: 'paused' }, wantDone: true });
  await bench.store.requestResume(lease.deploymentId, 'bob');
  const again = await bench.claim();
  assert.ok(again);
  await bench.store.write(again, { transition: { type: 'resumed', to: 'ready' }, wantDone: true });
  const entries = await createDeploymentQueries(bench.database.db).timeline(lease.deploymentId, 0, 100);
  const told = entries.flatMap(({ entry }) => (entry.kind === 'paused' || entry.kind === 'resumed' ? [entry] : []));
  assert.deepEqual(told, [
    { kind: 'paused', by: 'ann' },
    { kind: 'resumed', by: 'bob' },
  ]);
});

test('2.4 while a rollout is paused nothing else is deployed to its environment', async () => {
  const lease = await ready(bench, bench.production);
  await bench.store.requestPause(lease.deploymentId, 'ann');
  await bench.store.write(lease, { transition: { type: 'paused' }, wantDone: true });
  await bench.store.release(lease, 0);
  await bench.trigger(bench.production);
  assert.equal(await bench.claim(), null);
  const queue = await createDeploymentQueries(bench.database.db).queue(null);
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
  await bench.store.requestResume(first.deploymentId, 'bob');
  const again = await bench.claim();
  assert.ok(again !== null && again.fence > lease.fence);
  await bench.store.write(again, { wantDone: true, reason: 'gate (last answer 503)' });
  assert.equal((await recordOf(bench, first.deploymentId)).deployment.reason, 'gate (last answer 503)');
  assert.equal(await bench.claim(), null, 'it stays paused until somebody asks again');
  await bench.store.requestResume(first.deploymentId, 'bob');
  const last = await bench.claim();
  assert.ok(last);
  await bench.store.write(last, { transition: { type: 'resumed', to: 'completed' }, wantDone: true });
  const resumed = (await recordOf(bench, first.deploymentId)).deployment;
  assert.deepEqual(
    [resumed.state, resumed.completedAt, resumed.readyAt, resumed.finishedAt],
    ['completed', deployment.completedAt, deployment.readyAt, deployment.finishedAt],
  );
});

test('2.4 what serves and is paused or resumed now keeps others waiting, also after a crash of its worker', async () => {
  const first = await completed(bench, bench.production);
  await bench.store.requestPause(first.deploymentId, 'ann');
  const lease = await bench.claim();
  assert.ok(lease);
  await bench.trigger(bench.production);
  assert.equal(await bench.claim(), null);
  await bench.store.heartbeat([lease], -1);
  const again = await bench.claim();
  assert.deepEqual([again?.deploymentId, again?.epoch], [lease.deploymentId, lease.epoch + 1]);
  assert.equal(again?.fence, lease.fence, 'nobody else has changed anything');
});

test('what serves and is paused does not keep a new deployment from replacing it, and cannot be resumed then', async () => {
  const { first } = await paused(bench.production);
  await completed(bench, bench.production);
  await assert.rejects(bench.store.requestResume(first.deploymentId, 'ann'), refused);
});

test('2.2 a pause is refused where there is nothing to pause, and says why', async () => {
  const { old, fresh } = await observedPair(bench, bench.production);
  await assert.rejects(bench.store.requestPause(old.deploymentId, 'ann'), { ...refused, message: /does not serve/ });
  const next = await claimed(bench, bench.production);
  await assert.rejects(bench.store.requestPause(next.deploymentId, 'ann'), refused, 'running can be cancelled instead');
  await assert.rejects(bench.store.requestPause(fresh.deploymentId, 'ann'), { ...refused, message: /has to wait/ });
  await assert.rejects(bench.store.requestResume(fresh.deploymentId, 'ann'), refused);
  const waiting = await bench.trigger(bench.staging);
  await assert.rejects(bench.store.requestPause(waiting, 'ann'), refused);
});

test('2.2 pausing what is paused is refused', async () => {
  const { first } = await paused(bench.production);
  await assert.rejects(bench.store.requestPause(first.deploymentId, 'ann'), refused);
});

test('a pause that still waits gives way when another deployment serves', async () => {
  const first = await completed(bench, bench.production);
  const next = await deploying(bench, bench.production);
  await bench.database.db
    .updateTable('deployment')
    .set({ want: 'pause', wanted_by: 'ann' })
    .where('id', '=', first.deploymentId)
    .execute();
  assert.equal(await bench.claim([next.deploymentId]), null, 'not while another is rolled out');
  await bench.store.write(next, { transition: { type: 'traffic-received' }, becomesCurrent: true });
  assert.equal((await recordOf(bench, first.deploymentId)).want, null);
});

test('what is to be taken back, or deleted, is not paused, and is not completed before that', async () => {
  const verdict = { outcome: 'failed', code: 'gate_failed', reason: 'too many errors' } as const;
  const lease = await ready(bench, bench.production);
  await bench.store.requestPause(lease.deploymentId, 'ann');
  assert.equal(await bench.store.requestTakeBack(lease.deploymentId, verdict), true);
  const record = await recordOf(bench, lease.deploymentId);
  assert.deepEqual([record.want, record.wantedVerdict], ['take-back', verdict]);
  await assert.rejects(bench.store.requestPause(lease.deploymentId, 'ann'), { ...refused, message: /taken back/ });
  for (const type of ['paused', 'predecessor-drained'] as const) {
    await assert.rejects(bench.store.write(lease, { transition: { type } }), { code: 'cancelled' });
  }
  await bench.store.write(lease, { wantDone: true });
  assert.equal((await recordOf(bench, lease.deploymentId)).want, 'take-back', 'that is done by nothing but the end');
});

test('only what is rolled out is taken back', async () => {
  const verdict = { outcome: 'failed', code: 'gate_failed', reason: 'too many errors' } as const;
  const done = await completed(bench, bench.production);
  assert.equal(await bench.store.requestTakeBack(done.deploymentId, verdict), false);
  const running = await claimed(bench, bench.production);
  assert.equal(await bench.store.requestTakeBack(running.deploymentId, verdict), false);
});

test('2.2 a rollout that is to be held is not completed instead: as completed it would be stopped', async () => {
  const lease = await ready(bench, bench.production);
  await bench.store.requestPause(lease.deploymentId, 'ann');
  await assert.rejects(bench.store.write(lease, { transition: { type: 'predecessor-drained' } }), refused);
  await bench.store.write(lease, { transition: { type: 'paused' }, wantDone: true });
  assert.equal((await recordOf(bench, lease.deploymentId)).deployment.pausedFrom, 'ready');
});

test('5.6 a rollout that is held can be taken back: it goes on once more for that', async () => {
  const verdict = { outcome: 'failed', code: 'rolled_back', reason: 'too many errors' } as const;
  const lease = await ready(bench, bench.production);
  await bench.store.requestPause(lease.deploymentId, 'ann');
  await bench.store.write(lease, { transition: { type: 'paused' }, wantDone: true });
  await bench.store.release(lease, 0);
  assert.equal(await bench.claim(), null, 'nobody leads what is held');
  assert.equal(await bench.store.requestTakeBack(lease.deploymentId, verdict), true);
  const again = await bench.claim();
  assert.equal(again?.deploymentId, lease.deploymentId);
  await bench.store.write(again, { transition: { type: 'resumed', to: 'ready' } });
  await bench.store.write(again, { verdict });
  await bench.store.write(again, { transition: { type: 'failed' }, reason: verdict.reason });
  assert.equal(await stateOf(bench, lease.deploymentId), 'failed');
});

test('a deletion wins over a pause that comes at the same time', async () => {
  const world = createWorldStore(bench.database.db);
  for (let round = 0; round < 10; round += 1) {
    await bench.reset();
    const lease = await ready(bench, bench.staging);
    await bench.database.db
      .updateTable('environment')
      .set({ deleting: true })
      .where('id', '=', bench.staging)
      .execute();
    const deletion = {
      kind: 'environment',
      id: bench.staging,
      projectId: bench.projectId,
      projectName: 'shop',
      environmentName: 'staging',
      deployments: [lease.deploymentId],
      hosts: [],
    } as const;
    const [led] = await Promise.all([
      world.askToEnd(deletion),
      bench.store.requestPause(lease.deploymentId, 'ann').catch((error: { code: string }) => {
        assert.equal(error.code, refused.code);
      }),
    ]);
    assert.equal(led, 1);
    assert.equal((await recordOf(bench, lease.deploymentId)).want, 'delete');
    await assert.rejects(bench.store.write(lease, { transition: { type: 'paused' } }), { code: 'cancelled' });
  }
});

test('what is paused in an environment that is deleted is not brought back', async () => {
  const { first } = await paused(bench.staging);
  await bench.store.requestResume(first.deploymentId, 'ann');
  await bench.database.db.updateTable('environment').set({ deleting: true }).where('id', '=', bench.staging).execute();
  const world = createWorldStore(bench.database.db);
  const [deletion] = await world.deletions();
  assert.ok(deletion);
  assert.equal(await world.askToEnd(deletion), 0);
  assert.equal(await bench.claim(), null);
  await assert.rejects(bench.store.requestResume(first.deploymentId, 'ann'), { ...refused, message: /deleted/ });
  await world.stopServing(first.deploymentId, 'deleted');
  assert.equal(await stateOf(bench, first.deploymentId), 'stopped');
});

test('many workers that claim at once never lead a pause and a deployment of one environment', async () => {
  for (let round = 0; round < 10; round += 1) {
    await bench.reset();
    const first = await completed(bench, bench.production);
    await Promise.all([bench.store.requestPause(first.deploymentId, 'ann'), bench.trigger(bench.production)]);
    const leases = (await Promise.all(Array.from({ length: 6 }, () => bench.claim()))).filter(
      (lease) => lease !== null,
    );
    assert.ok(leases.length <= 1);
  }
});
