import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import { answering, slowToStart } from './apps.ts';
import { Stage } from './stage.ts';

/** What outlives what: rule 5.9 and section 4 of the architecture, on real processes. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

async function countFailures(host: string, work: () => Promise<void>): Promise<{ total: number; failed: number }> {
  let total = 0;
  let failed = 0;
  const done = new AbortController();
  const visitors = Array.from({ length: 3 }, async () => {
    while (!done.signal.aborted) {
      const status = await stage.visit(host).then(
        (answer) => answer.status,
        () => 0,
      );
      total += 1;
      if (status !== 200) failed += 1;
    }
  });
  await work();
  done.abort();
  await Promise.all(visitors);
  return { total, failed };
}

test('5.9 killing the control plane in the middle of a deployment costs no request, and the deployment is finished afterwards', async () => {
  const repository = await stage.project('shop', answering('one'));
  await stage.deploy('shop');
  await repository.commit(slowToStart('two'));
  let number = 0;
  const { total, failed } = await countFailures('shop.localhost', async () => {
    number = await stage.trigger('shop');
    await stage.untilState('shop', number, ['deploying']);
    await stage.platform.killControlPlane();
    assert.equal((await stage.visit('shop.localhost')).body, 'one', 'traffic stays while the control plane is dead');
    await stage.platform.startControlPlane();
    await stage.settle('shop', number);
  });
  assert.equal(failed, 0, `${failed} of ${total}`);
  assert.equal((await stage.detail('shop', number)).deployment.state, 'completed');
  assert.equal((await stage.visit('shop.localhost')).body, 'two');
  const filters = { label: [`cutover.platform=${stage.platform.platformId}`] };
  assert.equal((await new Docker().listContainers({ all: true, filters })).length, 1);
});

test('killing HAProxy brings it back within a second with the last routes, without the control plane', async () => {
  await stage.platform.stopControlPlane();
  const supervisor = Number((await readFile(join(stage.platform.dataDir, 'router', 'router.pid'), 'utf8')).trim());
  const children = await readFile(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8');
  const master = Number(children.trim().split(' ')[0]);
  process.kill(master, 'SIGKILL');
  const began = performance.now();
  await stage.until('the router to answer again', async () => {
    const answer = await stage.visit('shop.localhost').catch(() => null);
    return answer?.body === 'two' ? answer : null;
  });
  assert.ok(performance.now() - began < 1_000, `${performance.now() - began} ms`);
  await stage.platform.startControlPlane();
});

test('an instance that crashes is restarted, and its visitors wait instead of failing', async () => {
  const repository = await stage.project('crashing', answering('alive'));
  await repository.git('rev-parse', 'main');
  await stage.deploy('crashing');
  await stage.visit('crashing.localhost', '/crash').catch(() => null);
  assert.deepEqual((await stage.visit('crashing.localhost')).body, 'alive');
});

test('a container that somebody removes is made again', async () => {
  const docker = new Docker();
  const filters = { label: [`cutover.platform=${stage.platform.platformId}`, 'cutover.project=crashing'] };
  const [container] = await docker.listContainers({ all: true, filters });
  await docker.getContainer(container?.Id ?? '').remove({ force: true });
  await stage.until('the app to answer again', async () => {
    const answer = await stage.visit('crashing.localhost').catch(() => null);
    return answer?.body === 'alive' ? answer : null;
  });
});

test('PostgreSQL that is killed is started again, and traffic does not notice', async () => {
  const lock = join(stage.platform.dataDir, 'postgres', 'data', 'postmaster.pid');
  const postmaster = async () => Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  const killed = await postmaster();
  const { failed } = await countFailures('shop.localhost', async () => {
    process.kill(killed, 'SIGKILL');
    await stage.until('the API to answer from the database', async () => {
      // Its children may answer for a moment longer.
      if ([killed, 0].includes(await postmaster())) return null;
      const answer = await stage.call('GET', '/api/projects').catch(() => null);
      return answer?.status === 200 ? answer : null;
    });
  });
  assert.equal(failed, 0);
  assert.equal((await stage.deploy('shop')).deployment.state, 'completed');
});
