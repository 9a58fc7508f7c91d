import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import type { WireRolloutStatus } from '../../src/contract/schemas/rollout.ts';
import { answering, slowToStart, spoilable } from './apps.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { addresses, containersOf } from './world.ts';

/** What a user holds, and lets go again (rule 2.2), on real parts. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

type Asked = WireDeployment & { readonly code?: string; readonly detail?: string };

function ask(project: string, number: number, what: 'pause' | 'resume') {
  return stage.call<Asked>('POST', `/api/projects/${project}/deployments/${number}/${what}`);
}

async function pause(project: string, number: number): Promise<WireDeployment> {
  const { status, body } = await ask(project, number, 'pause');
  assert.deepEqual([status, body.state], [200, 'paused'], JSON.stringify(body));
  return body;
}

async function resume(project: string, number: number): Promise<void> {
  const { status, body } = await ask(project, number, 'resume');
  assert.equal(status, 200, JSON.stringify(body));
}

async function refused(project: string, number: number, what: 'pause' | 'resume', why: RegExp): Promise<void> {
  const { status, body } = await ask(project, number, what);
  assert.deepEqual([status, body.code], [409, 'illegal_transition']);
  assert.match(body.detail ?? '', why);
}

function rollout(project: string): Promise<WireRolloutStatus> {
  return stage.must('GET', `/api/projects/${project}/environments/production/rollout`);
}

const share = async (project: string) => (await rollout(project)).fresh?.share ?? 0;

/** Answers by body; broken ones under their status. */
function tally(visits: readonly { readonly status: number; readonly body: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of visits) {
    const key = status === 200 ? body : String(status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

test('2.2 a rollout that is paused while it is deploying gets no traffic, and goes on where it was', async () => {
  const repository = await stage.project('early', answering('one'));
  await stage.deploy('early');
  await repository.commit(slowToStart('two'));
  const number = await stage.trigger('early');
  await stage.untilState('early', number, ['deploying']);
  const { pausedFrom } = await pause('early', number);
  assert.equal(pausedFrom, 'deploying');
  await refused('early', number, 'pause', /is paused and cannot be paused/);
  // Long enough for it to listen and to pass, if anybody asked.
  const pausedAt = performance.now();
  await stage.until('3 s to pass', async () => (performance.now() - pausedAt > 3_000 ? true : null));
  assert.equal((await stage.detail('early', number)).deployment.state, 'paused');
  assert.equal((await stage.visit('early.localhost')).body, 'one');
  await resume('early', number);
  assert.equal((await stage.settle('early', number)).deployment.state, 'completed');
  assert.equal((await stage.visit('early.localhost')).body, 'two');
  const kinds = (await stage.timeline('early', number)).map(({ event }) => event.kind);
  assert.ok(kinds.includes('paused') && kinds.indexOf('paused') < kinds.indexOf('resumed'), kinds.join(' '));
});

test('2.2 a rolling rollout of three is held at its share, a deployment behind it waits and says for what, and it goes on', async () => {
  const repository = await stage.project('rolling', answering('one'), { replicas: 3, strategy: 'rolling' });
  await stage.deploy('rolling');
  await repository.commit(slowToStart('two'));
  await using visitors = startVisitors(stage, 'rolling.localhost', 20);
  const number = await stage.trigger('rolling');
  await stage.untilState('rolling', number, ['ready']);
  const { pausedFrom } = await pause('rolling', number);
  assert.equal(pausedFrom, 'ready');
  const held = await share('rolling');
  assert.ok(held > 0 && held < 100, `${held} %`);
  await repository.commit(answering('three'));
  const next = await stage.trigger('rolling');
  const { items } = await stage.must<{ items: { deployment: WireDeployment; waitsFor: string | null }[] }>(
    'GET',
    '/api/queue',
  );
  const waiting = items.find(({ deployment }) => deployment.project === 'rolling' && deployment.number === next);
  assert.match(waiting?.waitsFor ?? '', new RegExp(`#${number} is paused`));
  const from = visitors.visits.length;
  await stage.until('forty visits', async () => (visitors.visits.length - from > 40 ? true : null));
  const mixed = tally(visitors.visits.slice(from));
  assert.ok((mixed['one'] ?? 0) > 0 && (mixed['two'] ?? 0) > 0, JSON.stringify(mixed));
  assert.equal(await share('rolling'), held, 'nothing moved');
  await resume('rolling', number);
  const { deployment } = await stage.settle('rolling', next);
  assert.equal(deployment.state, 'completed');
  const visits = await visitors.stop();
  assert.deepEqual(
    visits.filter(({ status }) => status !== 200),
    [],
  );
  assert.equal((await stage.visit('rolling.localhost')).body, 'three');
  assert.equal((await containersOf(stage.platform, 'rolling')).length, 3);
});

test('2.2 a canary is held at its share, also over a kill of the control plane, and goes on', async () => {
  const repository = await stage.project('canary', answering('one'), { strategy: 'canary', canarySteps: [20] });
  await stage.deploy('canary');
  await repository.commit(answering('two'));
  const number = await stage.trigger('canary');
  await stage.until('the first share', async () => ((await share('canary')) === 20 ? true : null));
  await stage.call('POST', `/api/projects/canary/deployments/${number}/pause`);
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  await stage.untilState('canary', number, ['paused']);
  assert.equal(await share('canary'), 20);
  await resume('canary', number);
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  await using _visitors = startVisitors(stage, 'canary.localhost', 30);
  assert.equal((await stage.settle('canary', number)).deployment.state, 'completed');
  assert.equal((await stage.visit('canary.localhost')).body, 'two');
});

test('2.2 what serves is paused with a page that says so, and resumed through the gate without a failed request after it', async () => {
  await stage.project('shop', spoilable('one'), { volumes: [{ name: 'data', path: '/data' }] });
  await stage.deploy('shop');
  const slow = stage.visit('shop.localhost', '/slow');
  await stage.until('the slow request to be under way', async () =>
    (await rollout('shop')).fresh?.connections === 1 ? true : null,
  );
  const { pausedFrom } = await pause('shop', 1);
  assert.equal((await slow).body, 'one', 'what was under way has been answered');
  assert.equal(pausedFrom, 'completed');
  assert.deepEqual(await containersOf(stage.platform, 'shop'), []);
  const page = await stage.visit('shop.localhost');
  assert.equal(page.status, 503);
  assert.match(page.body, /paused/i);
  assert.match(String(page.headers['cache-control']), /no-store/);
  assert.ok(Number(page.headers['retry-after']) > 0);
  assert.equal((await rollout('shop')).mode, 'paused');
  await using visitors = startVisitors(stage, 'shop.localhost', 50);
  await resume('shop', 1);
  const { instances } = await stage.untilState('shop', 1, ['completed']);
  assert.deepEqual(
    instances.map(({ phase }) => phase),
    ['serving'],
  );
  const visits = await visitors.stop();
  const firstGood = visits.findIndex(({ status }) => status === 200);
  assert.deepEqual(
    visits.slice(firstGood).filter(({ status }) => status !== 200),
    [],
    'none fails after the first',
  );
  assert.deepEqual(new Set(visits.slice(0, firstGood).map(({ status }) => status)), new Set([503]));
});

test('2.2 where the gate fails on resume it stays paused and says why, and can be resumed later', async () => {
  await stage.settings('shop', {
    health: { startPeriodMs: 500, intervalMs: 200, unhealthyThreshold: 2 },
  });
  const { deployment } = await stage.deploy('shop');
  assert.equal((await stage.visit('shop.localhost', '/spoil', {}, 'POST')).status, 200);
  await pause('shop', deployment.number);
  await resume('shop', deployment.number);
  const { deployment: stays } = await stage.until('the reason', async () => {
    const detail = await stage.detail('shop', deployment.number);
    return detail.deployment.reason === null ? null : detail;
  });
  assert.equal(stays.state, 'paused');
  assert.match(stays.reason ?? '', /not resumed: gate \(last answer 503/);
  assert.deepEqual(await containersOf(stage.platform, 'shop'), []);
  assert.equal((await stage.visit('shop.localhost')).status, 503);
  await refused('shop', 1, 'pause', /is stopped and cannot be paused/);
});

test('2.2 a deployment goes live over what is paused, which ends with it; one that fails leaves the page as it was', async () => {
  const repository = await stage.project('replaced', answering('one'), { observationMs: 60_000 });
  await stage.deploy('replaced');
  await pause('replaced', 1);
  await repository.commit({ ...answering('bad'), 'server.js': 'process.exit(1)' });
  assert.equal((await stage.deploy('replaced')).deployment.state, 'failed');
  assert.equal((await stage.detail('replaced', 1)).deployment.state, 'paused');
  const page = await stage.visit('replaced.localhost');
  assert.deepEqual([page.status, /paused/i.test(page.body)], [503, true]);
  await repository.commit(answering('two'));
  assert.equal((await stage.deploy('replaced')).deployment.state, 'completed');
  assert.equal((await stage.visit('replaced.localhost')).body, 'two');
  const { deployment } = await stage.detail('replaced', 1);
  assert.deepEqual([deployment.state, deployment.reason], ['stopped', 'replaced by #3']);
  await refused('replaced', 1, 'resume', /is stopped and cannot be resumed/);
});

test('2.2 what is on standby is not paused', async () => {
  await stage.deploy('replaced');
  assert.equal((await stage.detail('replaced', 3)).deployment.state, 'completed');
  await refused('replaced', 3, 'pause', /does not serve any more/);
  assert.equal((await stage.visit('replaced.localhost')).body, 'two');
});

test('5.9 the control plane is killed while it pauses and while it resumes, and both are finished', async () => {
  await stage.project('killed', slowToStart('one'), { drainTimeoutMs: 1_000 });
  await stage.deploy('killed');
  await stage.call('POST', '/api/projects/killed/deployments/1/pause', undefined, {}).catch(() => null);
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  await stage.untilState('killed', 1, ['paused']);
  assert.deepEqual(await containersOf(stage.platform, 'killed'), []);
  await resume('killed', 1);
  await stage.until('the container', async () =>
    (await containersOf(stage.platform, 'killed')).length > 0 ? true : null,
  );
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  await stage.untilState('killed', 1, ['completed']);
  assert.equal((await stage.visit('killed.localhost')).body, 'one');
  assert.equal((await containersOf(stage.platform, 'killed')).length, 1);
});

test('2.2 a project that is deleted while it is paused leaves nothing', async () => {
  for (const project of ['killed', 'early']) {
    const number = project === 'killed' ? 1 : 2;
    await pause(project, number);
    await stage.must('DELETE', `/api/projects/${project}`);
  }
  for (const project of ['killed', 'early', 'shop', 'replaced', 'rolling', 'canary']) {
    await stage.call('DELETE', `/api/projects/${project}`);
  }
  await stage.until('every container to be gone', async () =>
    (await containersOf(stage.platform)).length === 0 ? true : null,
  );
  await stage.until('every server to be gone', async () =>
    (await addresses(stage.platform)).router.length === 0 ? true : null,
  );
});
