import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { mayMount, mountSmallDisk } from '../harness/small-disk.ts';
import { answering, slowToStart } from './apps.ts';
import { Stage } from './stage.ts';
import { checkouts, containersOf } from './world.ts';

async function pidIn(file: string): Promise<number> {
  return Number((await readFile(file, 'utf8')).trim().split(' ')[0]);
}

/** A part of the machine that is missing: the deployment ends with a code and a next step, and what served before serves. */
// Each waits for the platform to try again, on a platform of its own: side by side they take as long as one.
describe('outages', { concurrency: true }, () => {
  test('HAProxy and its supervisor killed in the middle of a deployment: both come back, and so does an end of it', async (t) => {
    await using stage = await Stage.open();
    const repository = await stage.project('shop', answering('old'));
    await stage.deploy('shop');
    await repository.commit(slowToStart('new'));
    const number = await stage.trigger('shop');
    await stage.untilState('shop', number, ['deploying']);
    const pidFile = join(stage.platform.dataDir, 'router', 'router.pid');
    const [supervisor, master] = [await pidIn(pidFile), await pidIn(`${pidFile}.child`)];
    process.kill(supervisor, 'SIGKILL');
    process.kill(master, 'SIGKILL');
    const killedAt = performance.now();
    const answered = stage
      .until('the router to answer', () =>
        stage.visit('shop.localhost').then(
          (seen) => (seen.status === 200 ? seen : null),
          () => null,
        ),
      )
      .then(() => t.diagnostic(`the router answered again after ${Math.round(performance.now() - killedAt)} ms`));
    const { deployment } = await stage.settle('shop', number);
    t.diagnostic(`the deployment was ${deployment.state} after ${Math.round(performance.now() - killedAt)} ms`);
    await answered;
    assert.ok(['completed', 'failed'].includes(deployment.state), deployment.state);
    if (deployment.state === 'failed') {
      assert.equal(deployment.failure?.code, 'router_unavailable');
      assert.ok((deployment.failure?.next ?? '').length > 0);
    }
    const answer = await stage.visit('shop.localhost');
    assert.equal(answer.body, deployment.state === 'completed' ? 'new' : 'old');
    assert.notEqual(await pidIn(pidFile), supervisor);
    assert.equal((await containersOf(stage.platform)).length, 1);
    await repository.commit(answering('newer'));
    assert.equal((await stage.deploy('shop')).deployment.state, 'completed');
    assert.equal((await stage.visit('shop.localhost')).body, 'newer');
  });

  test('Docker Engine that does not answer: the deployment says so and what to do, and works when it is back', async () => {
    const directory = await mkdtemp('/tmp/cutover-test-docker-');
    await using _directory = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const socket = join(directory, 'docker.sock');
    const open = () => symlink('/var/run/docker.sock', socket);
    await open();
    await using stage = await Stage.open({ variables: { dockerSocket: socket } });
    // The platform's disposal needs an engine, so the way to it is opened again before.
    await using _engine = { [Symbol.asyncDispose]: () => rm(socket, { force: true }).then(open) };
    const repository = await stage.project('shop', answering('old'));
    await stage.deploy('shop');
    await repository.commit(answering('new'));
    await unlink(socket);
    const { deployment, jobs } = await stage.deploy('shop');
    await open();
    assert.deepEqual([deployment.state, deployment.failure?.code], ['failed', 'runtime_unavailable']);
    assert.match(deployment.failure?.next ?? '', /Start dockerd/);
    assert.ok(jobs.every(({ status }) => status !== 'running' && status !== 'pending'));
    assert.deepEqual(await checkouts(stage.platform), []);
    assert.equal((await stage.visit('shop.localhost')).body, 'old');
    assert.equal((await stage.deploy('shop')).deployment.state, 'completed');
    assert.equal((await stage.visit('shop.localhost')).body, 'new');
  });

  test('a platform that starts while Docker Engine does not answer still serves its API and says what is missing', async () => {
    const directory = await mkdtemp('/tmp/cutover-test-docker-');
    await using _directory = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const socket = join(directory, 'docker.sock');
    await using stage = await Stage.open({ variables: { dockerSocket: socket } });
    await using _engine = { [Symbol.asyncDispose]: () => symlink('/var/run/docker.sock', socket) };
    await stage.project('shop', answering('never'));
    const { deployment } = await stage.deploy('shop');
    assert.deepEqual([deployment.state, deployment.failure?.code], ['failed', 'runtime_unavailable']);
    assert.match(deployment.failure?.message ?? '', /docker\.sock/);
    const { checks } = await stage.must<{ checks: { name: string; status: string; fix: string | null }[] }>(
      'GET',
      '/api/doctor',
    );
    const docker = checks.find(({ name }) => name === 'docker');
    assert.equal(docker?.status, 'failed');
    assert.ok(docker.fix?.includes('dockerd'));
  });

  test(
    'a full disk: the deployment fails with disk_full, the old version serves, and with space it works again',
    {
      skip: mayMount ? false : 'only root may mount a small file system',
    },
    async () => {
      await using stage = await Stage.open();
      const source = join(stage.platform.dataDir, 'source');
      await stage.platform.stopControlPlane();
      await using disk = await mountSmallDisk(source, 8, '0700');
      await stage.platform.startControlPlane();
      const repository = await stage.project('shop', answering('old'));
      assert.equal((await stage.deploy('shop')).deployment.state, 'completed');
      await repository.commit({ ...answering('new'), 'large.bin': Buffer.alloc(100_000, 'x') });
      const filled = await disk.fill();
      const { deployment } = await stage.deploy('shop');
      assert.deepEqual(
        [deployment.state, deployment.failure?.code],
        ['failed', 'disk_full'],
        deployment.failure?.message,
      );
      assert.match(deployment.failure?.next ?? '', /Free some space/);
      assert.equal((await stage.visit('shop.localhost')).body, 'old');
      assert.equal((await containersOf(stage.platform)).length, 1);
      await filled[Symbol.asyncDispose]();
      assert.equal((await stage.deploy('shop')).deployment.state, 'completed');
      assert.equal((await stage.visit('shop.localhost')).body, 'new');
    },
  );
});
