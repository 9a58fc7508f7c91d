import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import type { WireSettingsChange } from '../../src/contract/schemas/environment.ts';
import { faulty } from './apps.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { containersOf } from './world.ts';

const docker = new Docker();

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

test('5.6 a version that fails every request is taken back within a moment: before it is completed the one before goes on, afterwards a rollback takes over', async () => {
  const repository = await stage.project('broken', faulty('one'), observed);
  await stage.deploy('broken');
  await repository.commit(faulty('two', 100));
  await using visitors = startVisitors(stage, 'broken.localhost', 50);
  const number = await stage.trigger('broken');
  const { deployment } = await stage.untilState('broken', number, ['failed', 'stopped']);
  const visits = await visitors.stop();
  const failed = visits.filter(({ status }) => status >= 500 || status === 0);
  assert.ok(failed.length > 0 && failed.length <= 40, `${failed.length} of ${visits.length} failed`);
  assert.match(deployment.reason ?? '', /error rate/);
  assert.equal((await stage.visit('broken.localhost')).body, 'one');
  const serving = deployment.state === 'failed' ? 1 : 3;
  assert.equal((await stage.settle('broken', serving)).deployment.state, 'completed');
  const { deployments } = await stage.must<{ deployments: readonly object[] }>(
    'GET',
    '/api/projects/broken/deployments',
  );
  assert.equal(deployments.length, Math.max(2, serving), 'a rollback only where it was completed');
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

function unlessGone(error: unknown): null {
  if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return null;
  throw error;
}

/** From outside, so that no request has anything to do with it. False: it does not run, and there is nothing to kill. */
async function killApp(project: string, number: number): Promise<boolean> {
  const own = (await containersOf(stage.platform, project)).find(
    ({ Labels, State }) => Labels['cutover.deployment-number'] === String(number) && State === 'running',
  );
  if (own === undefined) return false;
  const { State } = await docker.getContainer(own.Id).inspect();
  if (State.Pid === 0) return false;
  process.kill(State.Pid, 'SIGKILL');
  // Where that was one exit too many it is gone by now.
  await stage.until('it to be noticed', async () => {
    const now = await docker.getContainer(own.Id).inspect().catch(unlessGone);
    return now?.State.Pid === State.Pid ? null : true;
  });
  return true;
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

test('5.6 a version that crashes again and again is rolled back; the one before answers what it refuses', async () => {
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
  assert.match(
    await untilRolledBack('sick', bad.number),
    /rolled back to #1 by #3 \(health check failed 3 times in a row/,
  );
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
  const crashes = async () =>
    (await stage.timeline('unvisited', bad.number)).filter(({ event }) => event.kind === 'instance.crashed').length;
  for (const wanted of [1, 2]) {
    await stage.until('it to run', async () => ((await killApp('unvisited', bad.number)) ? true : null));
    // It may take a moment until it is on record; to kill it again meanwhile would be one crash more.
    await stage.until(`crash ${wanted}`, async () => ((await crashes()) >= wanted ? true : null));
  }
  assert.match(await untilRolledBack('unvisited', bad.number), /crash loop \(2 exits within 60 s\)/);
  assert.equal(await crashes(), 2);
});
