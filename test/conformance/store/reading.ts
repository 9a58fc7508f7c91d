import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import { sharedRoute, stableOnly } from '../../../src/domain/route.ts';
import type { CachedArtifact } from '../../../src/engine/ports/deployment-store.ts';
import type { StoreBench } from './bench.ts';
import { claimed, completed, deploying, observedPair, ready, recordOf } from './steps.ts';

/** What is read back, in which order, and what is left out. */
export function readingConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  test('deployments are listed newest first, page by page, of the project or of one environment', async () => {
    const ids: string[] = [];
    for (const branch of ['a', 'b', 'c']) ids.push(await bench.trigger(bench.production, { branch }));
    const elsewhere = await bench.trigger(bench.staging);
    const { projectId } = bench;
    const list = async (query: object) =>
      (await bench.queries.list({ projectId, limit: 10, ...query })).map(({ id }) => id);
    assert.deepEqual(await list({}), [elsewhere, ...ids.toReversed()]);
    assert.deepEqual(await list({ environmentId: bench.production, limit: 2 }), [ids[2], ids[1]]);
    // Of three branches: none has superseded another.
    assert.deepEqual(await list({ state: 'pending', limit: 2 }), [elsewhere, ids[2]]);
    assert.deepEqual(await list({ state: 'failed' }), []);
    const { number } = (await recordOf(bench, ids[1] ?? '')).deployment;
    assert.deepEqual(await list({ before: number }), [ids[0]]);
    assert.equal((await bench.queries.byNumber(projectId, number))?.id, ids[1]);
    assert.equal(await bench.queries.byNumber(projectId, number + 100), null);
    assert.equal(await bench.queries.byNumber(bench.production, number), null, 'of another project');
  });

  test('2.4 the queue has what is led first, then production, then a rollback, then the older one', async () => {
    const pair = await observedPair(bench, bench.production);
    const led = await deploying(bench, bench.staging);
    const push = await bench.trigger(bench.production);
    const origin = {
      kind: 'rollback',
      deploymentId: pair.old.deploymentId,
      number: 1,
      automatic: true,
      from: null,
      currentVariables: false,
      reason: null,
    } as const;
    const rollback = await bench.trigger(bench.production, { origin });
    const later = await bench.trigger(bench.staging, { branch: 'x' });
    const last = await bench.trigger(bench.staging, { branch: 'y' });
    const queue = async (projectId: string | null) => (await bench.queries.queue(projectId)).map(({ id }) => id);
    assert.deepEqual(await queue(null), [led.deploymentId, rollback, push, later, last]);
    assert.deepEqual(await queue(bench.projectId), await queue(null));
    assert.deepEqual(await queue(bench.production), [], 'of another project');
  });

  test('2.4 what serves and is being paused is in the queue while somebody is at it', async () => {
    const done = await completed(bench, bench.production);
    assert.deepEqual(await bench.queries.queue(null), []);
    await bench.deployments.requestPause(done.deploymentId, 'ann');
    const lease = await bench.claim();
    assert.ok(lease);
    assert.equal((await bench.queries.queue(null))[0]?.id, done.deploymentId);
    await bench.deployments.write(lease, { transition: { type: 'paused' }, wantDone: true });
    assert.deepEqual(await bench.queries.queue(null), []);
  });

  test('2.4 the queue tells which builds wait for a place, and what is not taken up before when', async () => {
    const lease = await claimed(bench, bench.production);
    const waiting = await bench.trigger(bench.staging);
    const ids = [lease.deploymentId, waiting];
    const facts = async () => {
      const found = await bench.queries.queueFacts(ids);
      return ids.map((id) => found.get(id) ?? { buildWaitsSince: null, notBefore: null });
    };
    const nothing = { buildWaitsSince: null, notBefore: null };
    assert.deepEqual(await facts(), [nothing, nothing]);
    await bench.deployments.write(lease, { timeline: [{ kind: 'build.waiting' }] });
    const [said] = (await bench.queries.timeline(lease.deploymentId, 0, 100)).slice(-1);
    assert.deepEqual(await facts(), [{ ...nothing, buildWaitsSince: said?.at }, nothing]);
    await bench.deployments.write(lease, { timeline: [{ kind: 'build.started', waitedMs: 5 }] });
    assert.deepEqual(await facts(), [nothing, nothing]);
    await bench.deployments.release(lease, 30_000);
    const [released] = await facts();
    assert.ok(released !== undefined && Date.parse(released.notBefore ?? '') > Date.parse(said?.at ?? ''));
    assert.deepEqual(await bench.queries.queueLength({ exceptProject: bench.production }), { waiting: 1, running: 1 });
    assert.deepEqual(await bench.queries.queueLength({ exceptProject: bench.projectId }), { waiting: 0, running: 0 });
  });

  test('2.5 the timeline is read on from any entry, in the order it was written', async () => {
    const lease = await claimed(bench, bench.production);
    const id = lease.deploymentId;
    await bench.deployments.write(lease, { timeline: [message('a'), message('b')] });
    await bench.deployments.write(lease, { timeline: [message('c')], transition: { type: 'failed' }, reason: 'x' });
    const all = await bench.queries.timeline(id, 0, 100);
    assert.deepEqual(
      all.slice(2).map(({ entry }) => entry),
      [message('a'), message('b'), message('c'), { kind: 'state.changed', from: 'running', to: 'failed', reason: 'x' }],
    );
    assert.ok(all.every((entry) => entry.deploymentId === id && entry.projectId === bench.projectId));
    const [, second] = all;
    assert.deepEqual(await bench.queries.timeline(id, second?.id ?? 0, 2), all.slice(2, 4));
  });

  test('2.3 a job that begins and ends has both times and its error; one begun again has no error any more', async () => {
    const lease = await claimed(bench, bench.production);
    const job = async () =>
      (await bench.queries.jobs(lease.deploymentId)).find(({ type }) => type === 'DownloadRepoJob');
    const write = (status: 'running' | 'failure', error?: string) =>
      bench.deployments.write(lease, {
        jobs: [{ type: 'DownloadRepoJob', status, ...(error === undefined ? {} : { error }) }],
      });
    await write('running');
    const begun = await job();
    assert.ok(begun?.startedAt !== null && begun?.endedAt === null);
    await write('failure', 'no network');
    const failed = await job();
    assert.deepEqual([failed?.status, failed?.error, failed?.startedAt], ['failure', 'no network', begun?.startedAt]);
    assert.ok(failed?.endedAt !== null);
    await write('running');
    assert.deepEqual([(await job())?.status, (await job())?.error], ['running', null]);
    await bench.deployments.write(lease, {
      jobs: [
        { type: 'BuildImageJob', status: 'running' },
        { type: 'BuildImageJob', status: 'success' },
      ],
    });
    const built = (await bench.queries.jobs(lease.deploymentId)).find(({ type }) => type === 'BuildImageJob');
    assert.equal(built?.status, 'success');
    assert.ok(built.startedAt !== null && built.endedAt !== null);
    assert.deepEqual(await bench.queries.jobs(lease.deploymentId), (await recordOf(bench, lease.deploymentId)).jobs);
  });

  test('2.1 what is learnt on the way is kept: commit, artifact, requests, the first counts', async () => {
    const lease = await claimed(bench, bench.production);
    const commit = { sha: 'a'.repeat(40), message: 'm', author: 'ann', committedAt: '2026-01-02T03:04:05.000Z' };
    const artifact = { type: 'bundle', bundle: 'b', sizeBytes: 5, spa: true } as const;
    const given = (await recordOf(bench, lease.deploymentId)).deployment.source;
    const requests = { total: 5, failed: 1 };
    await bench.deployments.write(lease, { commit, artifact, requests, counterBaseline: { total: 3, failed: 0 } });
    const { deployment, counterBaseline, sealedVariables } = await recordOf(bench, lease.deploymentId);
    assert.deepEqual(deployment.source, { ...given, commit });
    assert.deepEqual([deployment.artifact, deployment.requests], [artifact, requests]);
    assert.deepEqual([counterBaseline, sealedVariables], [{ total: 3, failed: 0 }, 'sealed']);
  });

  test('2.2 times are those of the first time, and of each state', async () => {
    const lease = await ready(bench, bench.production);
    const before = (await recordOf(bench, lease.deploymentId)).deployment;
    assert.ok(before.startedAt !== null && before.readyAt !== null && before.startedAt <= before.readyAt);
    assert.deepEqual([before.completedAt, before.finishedAt], [null, null]);
    await bench.deployments.write(lease, { transition: { type: 'predecessor-drained' } });
    const after = (await recordOf(bench, lease.deploymentId)).deployment;
    assert.ok(after.completedAt !== null && after.completedAt === after.finishedAt);
    assert.equal(after.readyAt, before.readyAt);
    const failing = await claimed(bench, bench.staging);
    await bench.deployments.write(failing, { transition: { type: 'failed' } });
    const failed = (await recordOf(bench, failing.deploymentId)).deployment;
    assert.ok(failed.finishedAt !== null && failed.completedAt === null);
  });

  test('the predecessors of a deployment are the others of its environment that serve or are paused, oldest first', async () => {
    const { old, fresh } = await observedPair(bench, bench.production);
    await completed(bench, bench.staging);
    const failed = await claimed(bench, bench.production);
    await bench.deployments.write(failed, { transition: { type: 'failed' } });
    const next = await deploying(bench, bench.production);
    await bench.trigger(bench.production);
    const predecessors = await bench.deployments.predecessors(next);
    assert.deepEqual(
      predecessors.map(({ deployment, slot, serves }) => [deployment.id, slot, serves]),
      [
        [old.deploymentId, 1, false],
        [fresh.deploymentId, 2, true],
      ],
    );
    assert.equal(predecessors[1]?.standbyId, old.deploymentId);
  });

  test('5.2 how long requests have been waiting is known while they do, since they were last told to', async () => {
    const lease = await ready(bench, bench.production);
    const route = { ...stableOnly(1), mode: 'held' } as const;
    const held = async () => (await bench.deployments.route(bench.production))?.held;
    const since = { boot: 'first', ms: 2 };
    const told = { timeline: [{ kind: 'traffic.held', uptime: since }] } as const;
    await bench.deployments.write(lease, { timeline: [{ kind: 'traffic.held', uptime: { ...since, ms: 1 } }] });
    assert.equal(await held(), null, 'they do not wait');
    await bench.deployments.write(lease, { ...told, route });
    const { forMs = -1, ...rest } = (await held()) ?? {};
    assert.ok(forMs >= 0 && forMs < 5_000, String(forMs));
    assert.deepEqual(rest, { since });
    await bench.deployments.write(lease, { timeline: [{ kind: 'traffic.held' }], route });
    assert.equal((await held())?.since, null, 'what an earlier version of the platform wrote has no such time');
    await bench.deployments.write(lease, { route: sharedRoute(1, 2, 10) });
    assert.equal(await held(), null);
  });

  test('the reconciler is told of the containers there should be: not of those that stopped, nor of what is over', async () => {
    const lease = await deploying(bench, bench.production);
    const [first] = (await recordOf(bench, lease.deploymentId)).instances;
    const desired = async () =>
      (await bench.world.desired()).deployments.map(({ deployment, slot, sealedVariables, instances }) => [
        deployment.id,
        slot,
        sealedVariables,
        instances.length,
      ]);
    const waiting = await bench.trigger(bench.production);
    const both = await desired();
    assert.deepEqual(
      both.find(([id]) => id === lease.deploymentId),
      [lease.deploymentId, 1, 'sealed', 1],
    );
    assert.deepEqual(
      both.find(([id]) => id === waiting),
      [waiting, null, 'sealed', 0],
    );
    for (const phase of ['stopped', 'failed'] as const) {
      await bench.world.updateInstances([{ id: first?.id ?? '', phase }]);
      assert.equal((await desired()).find(([id]) => id === lease.deploymentId)?.[3], 0);
    }
    await bench.deployments.write(lease, { transition: { type: 'failed' } });
    await bench.deployments.requestCancel(waiting);
    assert.deepEqual(await desired(), []);
  });

  test('an artifact is found by what it was built from; built again, it is the newer one', async () => {
    assert.equal(await bench.deployments.findArtifact('nothing'), null);
    await bench.deployments.saveArtifact('built', bench.projectId, cached('sha256:1'));
    await bench.deployments.saveArtifact('built', bench.projectId, cached('sha256:2'));
    assert.deepEqual(await bench.deployments.findArtifact('built'), cached('sha256:2'));
  });

  test('what is unknown is null, or nothing', async () => {
    const id = bench.projectId;
    assert.equal(await bench.deployments.record(id), null);
    assert.deepEqual(await bench.deployments.alive(id), []);
    assert.deepEqual([await bench.queries.jobs(id), await bench.queries.instances(id)], [[], []]);
    assert.equal(await bench.queries.observation(id), null);
    await assert.rejects(bench.deployments.requestCancel(id), { code: 'not_found' });
    await assert.rejects(bench.deployments.requestPause(id, 'ann'), { code: 'not_found' });
    assert.equal(await bench.deployments.requestTakeBack(id, { outcome: 'failed', code: null, reason: '' }), false);
    await bench.world.stopServing(id, 'nobody');
    await bench.world.freeSlot(id);
    await bench.world.recovered(id);
  });
}

function message(text: string) {
  return { kind: 'alert', message: text } as const;
}

function cached(imageId: string): CachedArtifact {
  return {
    artifact: { type: 'image', imageId, sizeBytes: 1, exposedPorts: [3000] },
    baseImages: { 'node:24': null },
    appConfig: emptyAppConfig,
  };
}
