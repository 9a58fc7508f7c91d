import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireDeployment, WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import { answering, exitingAtStart, slowBuild, slowToStart, streaming } from './apps.ts';
import { Stage } from './stage.ts';
import { checkouts, containersOf, imagesOf } from './world.ts';

/** Rule 2.2: cancel in every state. One build at a time, and a Git server that can be made to wait. */
let stage: Stage;
const held = Promise.withResolvers<void>();
let heldRequests = 0;
before(async () => {
  stage = await Stage.open(
    { variables: { buildsAtOnce: '1' } },
    {
      before: async ({ url = '' }) => {
        if (!url.startsWith('/held.git/')) return;
        heldRequests += 1;
        await held.promise;
      },
    },
  );
});
after(async () => {
  held.resolve();
  await stage[Symbol.asyncDispose]();
});

const busy = slowBuild({ lines: 1, secondsApart: 60 });

async function cancel(project: string, number: number) {
  const began = performance.now();
  const path = `/api/projects/${project}/deployments/${number}/cancel`;
  const answer = await stage.call<WireDeployment & { code: string }>('POST', path);
  return { ...answer, tookMs: performance.now() - began };
}

/** Cancelled when the answer comes, within 2 s, and nothing of it is left. */
async function checkCancelled(project: string, number: number): Promise<WireDeploymentDetail> {
  const { body, tookMs } = await cancel(project, number);
  assert.deepEqual([body.state, body.reason], ['cancelled', 'cancelled by a user']);
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
  const detail = await stage.detail(project, number);
  assert.deepEqual(
    detail.jobs.filter(({ status }) => status === 'running' || status === 'pending'),
    [],
  );
  assert.ok(!(await checkouts(stage.platform)).includes(detail.deployment.id), 'no directory is left behind');
  assert.equal((await containersOf(stage.platform, project)).length, 0, 'no container is left behind');
  assert.deepEqual(await imagesOf(detail.deployment.id), [], 'no image is left behind');
  const last = (await stage.timeline(project, number)).at(-1)?.event;
  assert.ok(last?.kind === 'state.changed' && last.to === 'cancelled', `nothing comes after the end: ${last?.kind}`);
  return detail;
}

async function checkRefused(project: string, number: number, state: string): Promise<void> {
  const unchanged = await stage.detail(project, number);
  assert.equal(unchanged.deployment.state, state);
  const { status, body } = await cancel(project, number);
  assert.deepEqual([status, body.code], [409, 'illegal_transition']);
  assert.deepEqual(await stage.detail(project, number), unchanged, 'nothing changes');
}

test('2.2 pending: cancelled at once, and what runs before it goes on', async () => {
  await stage.project('queue', busy);
  const first = await stage.trigger('queue');
  await stage.untilState('queue', first, ['running']);
  const waiting = await stage.trigger('queue');
  assert.equal((await stage.detail('queue', waiting)).deployment.state, 'pending');
  const { jobs } = await checkCancelled('queue', waiting);
  assert.ok(jobs.every(({ status }) => status === 'cancelled'));
  assert.equal((await stage.detail('queue', first)).deployment.state, 'running');
});

test('2.2 running, waiting for a place to build: cancelled, and the place goes to the next', async () => {
  await stage.until('the first build to run', async () =>
    (await stage.log('queue', 1, 'BuildImageJob')).includes('sleep 60') ? true : null,
  );
  for (const name of ['second', 'third']) await stage.project(name, answering(name));
  const second = await stage.trigger('second');
  const third = await stage.trigger('third');
  for (const [name, number] of [
    ['second', second],
    ['third', third],
  ] as const) {
    await stage.until(`${name} to wait for its place`, async () =>
      (await stage.log(name, number, 'BuildImageJob')).includes('waiting for a free place') ? true : null,
    );
  }
  await checkCancelled('second', second);
  assert.equal((await stage.detail('third', third)).deployment.state, 'running', 'it still waits');
  await checkCancelled('queue', 1);
  assert.equal((await stage.settle('third', third)).deployment.state, 'completed');
  assert.equal((await stage.deploy('second')).deployment.state, 'completed', 'no place was lost');
});

test('2.2 running, in the clone: cancelled although the Git server never answers', async () => {
  await stage.project('held', answering('held'));
  const number = await stage.trigger('held');
  await stage.until('Git to ask', async () => (heldRequests > 0 ? true : null));
  const { jobs } = await checkCancelled('held', number);
  assert.deepEqual(
    jobs.map(({ status }) => status),
    ['cancelled', 'cancelled', 'cancelled', 'cancelled'],
  );
});

test('2.2 deploying and ready: refused, and the deployment goes on to its end', async () => {
  const repository = await stage.project('moving', streaming('one'), { drainTimeoutMs: 1_500 });
  await stage.deploy('moving');
  await repository.commit({ ...streaming('two'), ...slowToStart('two') });
  const events = await stage.openStream('moving.localhost', '/events');
  const number = await stage.trigger('moving');
  for (const state of ['deploying', 'ready']) {
    await stage.untilState('moving', number, [state]);
    const { status, body } = await cancel('moving', number);
    assert.deepEqual([status, body.code], [409, 'illegal_transition'], state);
  }
  const { deployment } = await stage.settle('moving', number);
  assert.deepEqual([deployment.state, deployment.reason], ['completed', null]);
  assert.equal((await stage.visit('moving.localhost')).body, 'two');
  await events.closedAt;
});

test('2.2 completed, stopped, failed and cancelled: refused, and nothing changes', async () => {
  await checkRefused('moving', 2, 'completed');
  await checkRefused('moving', 1, 'stopped');
  await checkRefused('queue', 2, 'cancelled');
  await stage.project('broken', exitingAtStart(1));
  await stage.deploy('broken');
  await checkRefused('broken', 1, 'failed');
  assert.equal((await stage.visit('moving.localhost')).body, 'two');
});
