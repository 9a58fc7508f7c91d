import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireSettingsChange } from '../../src/contract/schemas/environment.ts';
import { faulty } from './apps.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';

/** What turns out to be bad is taken back (rule 5.6), on real parts. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const observed: WireSettingsChange = {
  observationMs: 60_000,
  drainTimeoutMs: 1_000,
  health: { path: '/health' },
};

test('5.6 a version that fails every request is taken back before it is completed, and the one before simply goes on serving', async () => {
  const repository = await stage.project('broken', faulty('one'), { ...observed, drainTimeoutMs: 20_000 });
  await stage.deploy('broken');
  // A request in flight keeps the old version draining, so that the new one is not completed yet.
  await repository.commit(faulty('two', 100));
  await using visitors = startVisitors(stage, 'broken.localhost', 50);
  const number = await stage.trigger('broken');
  const { deployment } = await stage.untilState('broken', number, ['failed', 'stopped']);
  const visits = await visitors.stop();
  const failed = visits.filter(({ status }) => status >= 500 || status === 0);
  assert.ok(failed.length > 0 && failed.length <= 40, `${failed.length} of ${visits.length} failed`);
  assert.match(deployment.reason ?? '', /error rate/);
  assert.equal((await stage.visit('broken.localhost')).body, 'one');
});

async function post(host: string, path: string): Promise<void> {
  await stage.visit(host, path, {}, 'POST');
}

/** Again and again, as soon as it answers: while it is down or suspected the one before answers in its place. */
async function crashUntilTakenBack(project: string, number: number): Promise<void> {
  await stage.until(`#${number} of ${project} to be taken back`, async () => {
    await post(`${project}.localhost`, '/crash/two').catch(() => undefined);
    return (await stage.detail(project, number)).deployment.state === 'stopped' ? true : null;
  });
}

async function untilRolledBack(project: string, number: number): Promise<string> {
  const { deployment } = await stage.untilState(project, number, ['stopped', 'failed']);
  return `${deployment.state}: ${deployment.reason ?? ''}`;
}

test('5.6 a completed version that begins to fail is rolled back by a new deployment, which takes over the standby', async () => {
  const repository = await stage.project('later', faulty('one'), observed);
  await stage.deploy('later');
  await repository.commit(faulty('two'));
  await using visitors = startVisitors(stage, 'later.localhost', 40);
  const { deployment: bad } = await stage.deploy('later');
  assert.equal(bad.state, 'completed');
  await post('later.localhost', '/faults/100');
  assert.match(await untilRolledBack('later', bad.number), /^stopped: rolled back to #1 by #3 \(error rate/);
  const { deployment: rollback } = await stage.untilState('later', 3, ['completed']);
  assert.equal(rollback.kind, 'rollback');
  assert.equal(rollback.trigger.kind, 'automatic');
  assert.equal((await stage.visit('later.localhost')).body, 'one');
  const failed = (await visitors.stop()).filter(({ status }) => status >= 500 || status === 0);
  assert.ok(failed.length <= 40, `${failed.length} failed`);
  const first = await stage.detail('later', 1);
  assert.match(first.deployment.reason ?? '', /taken over by #3/);
  const [instance] = (await stage.detail('later', 3)).instances;
  assert.equal(instance?.phase, 'serving');
  assert.match(await stage.log('later', 3, instance?.id ?? ''), /listening as one/, 'its log came with it');
});

test('5.6 a version that crashes twice within a minute is rolled back; requests in flight are all that is lost', async () => {
  const repository = await stage.project('crashing', faulty('one'), observed);
  await stage.deploy('crashing');
  await repository.commit(faulty('two'));
  const { deployment: bad } = await stage.deploy('crashing');
  await stage.visit('crashing.localhost');
  // Not within 10 s of the first traffic: that alone would be enough.
  const from = performance.now();
  await stage.until('10 s to pass', async () => (performance.now() - from > 10_500 ? true : null));
  await using visitors = startVisitors(stage, 'crashing.localhost', 20);
  await crashUntilTakenBack('crashing', bad.number);
  // Whichever is first: the rule for crashes, or the evidence of refused connections.
  assert.match(await untilRolledBack('crashing', bad.number), /rolled back to #1 by #3 \((crash loop|error rate)/);
  const failed = (await visitors.stop()).filter(({ status }) => status >= 500 || status === 0);
  assert.ok(failed.length <= 4, `${failed.length} failed`);
});

test('5.6 a version whose health check fails three times while the standby passes is rolled back', async () => {
  const repository = await stage.project('sick', faulty('one'), observed);
  await stage.deploy('sick');
  await repository.commit(faulty('two'));
  const { deployment: bad } = await stage.deploy('sick');
  await post('sick.localhost', '/sick');
  assert.match(await untilRolledBack('sick', bad.number), /rolled back to #1 by #3/);
});

test('5.2 a canary that fails never gets a larger share, and few visitors see it', async () => {
  const repository = await stage.project('canary', faulty('one'), { ...observed, strategy: 'canary' });
  await stage.deploy('canary');
  await repository.commit(faulty('two', 100));
  await using visitors = startVisitors(stage, 'canary.localhost', 50);
  const number = await stage.trigger('canary');
  assert.match(await untilRolledBack('canary', number), /^failed: error rate/);
  const visits = await visitors.stop();
  const failed = visits.filter(({ status }) => status >= 500 || status === 0);
  assert.ok(failed.length <= 15, `${failed.length} of ${visits.length} failed`);
  const shares = (await stage.timeline('canary', number)).flatMap(({ event }) =>
    event.kind === 'traffic.shifting' ? [event.share] : [],
  );
  assert.deepEqual(shares, [10]);
});

test('5.2 a healthy canary gets 10 %, 30 % and then everything, and what was seen is told', async () => {
  const repository = await stage.project('healthy', faulty('one'), { ...observed, strategy: 'canary' });
  await stage.deploy('healthy');
  await repository.commit(faulty('two'));
  await using visitors = startVisitors(stage, 'healthy.localhost', 60);
  const number = await stage.trigger('healthy');
  const { deployment, observation } = await stage.settle('healthy', number);
  assert.equal(deployment.state, 'completed');
  const shares = (await stage.timeline('healthy', number)).flatMap(({ event }) =>
    event.kind === 'traffic.shifting' ? [event.share] : [],
  );
  assert.deepEqual(shares, [10, 30, 100]);
  const visits = await visitors.stop();
  assert.equal(visits.filter(({ status }) => status !== 200).length, 0);
  assert.match(observation?.view?.limits ?? '', /would not have been noticed/);
  const during = await stage.until(
    'what was measured',
    async () => (await stage.detail('healthy', number)).deployment.measurements.during,
  );
  assert.ok(during.requests > 100 && during.failed === 0, JSON.stringify(during));
});

test('5.6 without a single visitor a crash loop is found all the same', async () => {
  const repository = await stage.project('unvisited', faulty('one'), observed);
  await stage.deploy('unvisited');
  await repository.commit(faulty('two'));
  const { deployment: bad } = await stage.deploy('unvisited');
  await crashUntilTakenBack('unvisited', bad.number);
  assert.match(await untilRolledBack('unvisited', bad.number), /crash loop/);
});
