import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { defaultRetentionSettings } from '../../src/domain/retention-settings.ts';
import type { ArtifactKey } from '../../src/engine/ports/retention-store.ts';
import { createDeploymentQueries } from '../../src/store/deployment-queries.ts';
import { bundle, image, retentionBench, type RetentionBench } from './retention-bench.ts';

let bench: RetentionBench;
before(async () => {
  bench = await retentionBench();
});
after(() => bench[Symbol.asyncDispose]());
beforeEach(async () => {
  const { db } = bench.database;
  await db.updateTable('environment').set({ current_deployment_id: null }).execute();
  for (const table of ['deployment', 'artifact', 'platform_setting'] as const) await db.deleteFrom(table).execute();
});

const key = (id: string, deploymentId: string | null = null): ArtifactKey => ({
  type: id.startsWith('sha256:') ? 'image' : 'bundle',
  id,
  deploymentId,
});

async function factsOf(id: string, deploymentId: string | null = null) {
  const facts = (await bench.store.facts([key(id, deploymentId)], 10)).get(id);
  return facts ?? assert.fail(`no facts of ${id}`);
}

async function find(id: string) {
  const row = await bench.database.db
    .selectFrom('deployment')
    .select('number')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return (await createDeploymentQueries(bench.database.db).byNumber(bench.projectId, row.number)) ?? assert.fail();
}

test('5.7 of an artifact it is known which environments used it last, and how many were completed since, without what serves', async () => {
  await bench.add({ artifact: image('a') });
  await bench.add({ artifact: image('a') });
  await bench.add({ artifact: image('b') });
  await bench.add({ artifact: image('c'), state: 'failed', completed: false });
  await bench.serves(await bench.add({ artifact: image('d'), state: 'completed' }));
  await bench.add({ artifact: image('a'), environment: 'staging', state: 'failed', completed: false });
  const { uses, sizeBytes, lastUsedAt } = await factsOf('sha256:a');
  const [newest = 0] = uses.map((use) => use.newest);
  assert.deepEqual(
    uses.map(({ environment, alive, completed, completedSince }) => [
      environment,
      alive,
      completed === null ? null : newest - completed,
      completedSince,
    ]),
    [
      ['staging', null, null, 0],
      ['production', null, 4, 1],
    ],
  );
  assert.deepEqual([sizeBytes, (lastUsedAt ?? 0) > Date.now() - 60_000], [100, true]);
  assert.deepEqual((await factsOf('sha256:d')).uses[0]?.alive, { number: newest - 1, state: 'completed' });
  assert.deepEqual(await factsOf('sha256:nobody'), { uses: [], lastUsedAt: null, sizeBytes: null, awaitedBy: null });
});

test('whoever waits or is led has its artifact in use, whatever served before', async () => {
  for (const state of ['pending', 'running', 'deploying', 'ready', 'completed', 'paused'] as const) {
    await bench.database.db.deleteFrom('deployment').execute();
    await bench.add({ artifact: bundle('f'), state, completed: false });
    assert.equal((await factsOf('f')).uses[0]?.alive?.state, state);
  }
});

test('what a build that has begun may be answered with is awaited: by project, by its maker, and every bundle', async () => {
  await bench.add({ artifact: image('a') });
  await bench.built(image('b'));
  const making = await bench.add({ state: 'running', completed: false });
  assert.equal((await factsOf('sha256:a')).awaitedBy, null, 'no build can find it');
  assert.equal((await factsOf('sha256:b')).awaitedBy?.project, 'shop');
  assert.equal((await factsOf('sha256:c', making)).awaitedBy?.project, 'shop');
  assert.equal((await factsOf('f')).awaitedBy?.project, 'shop');
  assert.ok((await factsOf('sha256:b')).lastUsedAt);
});

test('a condemned artifact answers no build any more; while one is under way nothing is forgotten', async () => {
  await bench.built(image('b'));
  const running = await bench.add({ state: 'running', completed: false });
  assert.notEqual((await bench.store.condemn(key('sha256:b'), 10)).awaitedBy, null);
  const builds = () => bench.database.db.selectFrom('artifact').select('image_key').execute();
  assert.equal((await builds()).length, 1);
  await bench.database.db.updateTable('deployment').set({ state: 'failed' }).where('id', '=', running).execute();
  assert.equal((await bench.store.condemn(key('sha256:b'), 10)).awaitedBy, null);
  assert.equal((await builds()).length, 0);
  assert.equal((await bench.store.condemn(key('sha256:b'), 10)).awaitedBy, null, 'twice is fine');
});

test('5.7 what is gone is said of every deployment that ran it, and taken back when it is there again', async () => {
  const [one, two, other] = [
    await bench.add({ artifact: bundle('f') }),
    await bench.add({ artifact: bundle('f') }),
    await bench.add({ artifact: image('x') }),
  ];
  await bench.built(bundle('f'));
  assert.deepEqual([...(await bench.store.expected())].toSorted(), ['f', 'sha256:x']);
  await bench.store.markGone(['f', 'unknown']);
  const gone = await Promise.all([one, two, other].map(async (id) => (await find(id)).removed.artifactAt !== null));
  assert.deepEqual(gone, [true, true, false]);
  assert.deepEqual(await bench.store.expected(), ['sha256:x']);
  assert.equal((await bench.database.db.selectFrom('artifact').selectAll().execute()).length, 0);
  await bench.store.markPresent(['f']);
  assert.equal((await find(one)).removed.artifactAt, null);
});

test('what is over and old is found page by page, with what keeps its records', async () => {
  const limit = Date.now() - 30 * 86_400_000;
  const old: string[] = [];
  for (let count = 0; count < 501; count += 1) old.push(await bench.add({ daysAgo: 40 }));
  await bench.add({ daysAgo: 40, state: 'completed' });
  await bench.add({ daysAgo: 20 });
  const first = await bench.store.past('logs', { before: limit, after: null, countTo: 1_000 });
  const second = await bench.store.past('logs', { before: limit, after: first.next, countTo: 1_000 });
  assert.deepEqual([first.deployments.length, second.deployments.length, second.next], [500, 1, null]);
  const found = [...first.deployments, ...second.deployments];
  assert.deepEqual(new Set(found.map(({ id }) => id)), new Set(old));
  const oldest = found.find(({ id }) => id === old[0]);
  assert.deepEqual(
    [oldest?.newer, oldest?.project, oldest?.environment, oldest?.logsNeededBy],
    [502, 'shop', 'production', null],
  );
  assert.ok(Math.abs((oldest?.endedAt ?? 0) - (limit - 10 * 86_400_000)) < 60_000);
});

test('a version that served for long ended when it was stopped, not when it was completed', async () => {
  const id = await bench.add({ daysAgo: 40 });
  const entry = JSON.stringify({ kind: 'removed' });
  await bench.database.pool.query(
    `insert into timeline (deployment_id, project_id, at, entry) values ($1, $2, now() - interval '1 day', $3)`,
    [id, bench.projectId, entry],
  );
  const { deployments } = await bench.store.past('logs', { before: Date.now(), after: null, countTo: 1_000 });
  assert.ok((deployments[0]?.endedAt ?? 0) > Date.now() - 2 * 86_400_000);
});

test('logs in which the instances of another deployment go on are needed until those of that one go', async () => {
  const [taken, heir] = [await bench.add({ daysAgo: 40 }), await bench.add({ daysAgo: 35 })];
  await bench.database.db
    .insertInto('instance')
    .values({
      id: randomUUID(),
      deployment_id: heir,
      started_by: taken,
      process: 'web',
      ordinal: 1,
      phase: 'stopped',
      port: 1,
    })
    .execute();
  const needed = async () =>
    (await bench.store.past('logs', { before: Date.now(), after: null, countTo: 1_000 })).deployments.find(
      ({ id }) => id === taken,
    )?.logsNeededBy;
  assert.equal(await needed(), (await find(heir)).number);
  await bench.store.markLogsRemoved(heir);
  assert.equal(await needed(), null);
  assert.notEqual((await find(heir)).removed.logsAt, null);
});

test('without its history a deployment keeps what it is, and is not found again', async () => {
  const id = await bench.add({ daysAgo: 400 });
  await bench.store.removeHistory(id);
  await bench.store.removeHistory(id);
  const queries = createDeploymentQueries(bench.database.db);
  const deployment = await find(id);
  assert.deepEqual([deployment.state, deployment.measurements.gateMs], ['stopped', null]);
  assert.notEqual(deployment.removed.historyAt, null);
  assert.deepEqual(await queries.timeline(id, 0, 10), []);
  assert.deepEqual(
    (await bench.store.past('history', { before: Date.now(), after: null, countTo: 1_000 })).deployments,
    [],
  );
});

test('settings have defaults, and two changes at once are both kept', async () => {
  assert.deepEqual(await bench.store.settings(), defaultRetentionSettings);
  await Promise.all([
    bench.store.updateSettings((current) => ({ ...current, rollbackTargets: 3 })),
    bench.store.updateSettings((current) => ({ ...current, logDays: 5 })),
  ]);
  assert.deepEqual(await bench.store.settings(), { ...defaultRetentionSettings, rollbackTargets: 3, logDays: 5 });
  await assert.rejects(
    bench.store.updateSettings(() => {
      throw new Error('no');
    }),
    /no/,
  );
  assert.equal((await bench.store.settings()).logDays, 5);
});
