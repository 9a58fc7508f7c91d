import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import { answering, spoilable } from './apps.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { addresses, containersOf } from './world.ts';

/** What serves and comes to an end by itself (rules 5.5 and 2.2), on real parts. */
const docker = new Docker();
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const instances = async (project: string) => (await stage.detail(project, 1)).instances;

async function events(project: string, kind: 'instance.crashed' | 'instance.recovered') {
  return (await stage.timeline(project, 1)).filter(({ event }) => event.kind === kind);
}

function recovered(project: string, times: number) {
  return stage.until(`${project} to have recovered`, async () => {
    const all = await events(project, 'instance.recovered');
    return all.length >= times && (await instances(project)).every(({ crashedAt }) => crashedAt === null) ? all : null;
  });
}

const crash = (project: string) => stage.visit(`${project}.localhost`, '/crash', {}, 'POST').catch(() => null);

test('5.5 one instance that exits: requests wait for its restart, and the timeline tells exit code and restarts', async () => {
  await stage.project('alone', spoilable('alive'), { volumes: [{ name: 'data', path: '/data' }] });
  await stage.deploy('alone');
  await using visitors = startVisitors(stage, 'alone.localhost', 30);
  await stage.until('some visits', async () => (visitors.visits.length > 20 ? true : null));
  await crash('alone');
  await recovered('alone', 1);
  const visits = await visitors.stop();
  assert.deepEqual(
    visits.filter(({ status }) => status !== 200),
    [],
    `of ${visits.length} visits`,
  );
  const [crashed] = await events('alone', 'instance.crashed');
  assert.equal(crashed?.text, 'instance 1 crashed (exit code 3; 1 restart)');
  const [back] = await events('alone', 'instance.recovered');
  assert.equal(back?.text, 'instance 1 is back in rotation (1 restart)');
  assert.equal((await stage.detail('alone', 1)).deployment.state, 'completed');
  const { router, containers } = await addresses(stage.platform);
  assert.deepEqual(router, containers);
});

test('5.5 an instance that keeps exiting is restarted again and again, is shown as crashed meanwhile, and is never given up', async () => {
  for (let time = 0; time < 5; time += 1) {
    await crash('alone');
    await stage.until('it to be noticed', async () =>
      (await events('alone', 'instance.crashed')).length >= time + 2 ? true : null,
    );
  }
  const shown = await stage.until('it to be shown', async () => {
    const [instance] = await instances('alone');
    return instance !== undefined && instance.crashedAt !== null ? instance : null;
  });
  assert.deepEqual([shown.restarts, shown.phase], [6, 'serving']);
  await recovered('alone', 1);
  assert.equal((await stage.visit('alone.localhost')).body, 'alive');
});

test('where the restart itself fails the engine gives up, and the platform does not', async () => {
  const [container] = await containersOf(stage.platform, 'alone');
  const [mount] = (await docker.getContainer(container?.Id ?? '').inspect()).Mounts;
  assert.ok(mount !== undefined);
  const aside = `${mount.Source}-aside`;
  const recoveries = (await events('alone', 'instance.recovered')).length;
  await rename(mount.Source, aside);
  await crash('alone');
  const given = await stage.until('the engine to give up', async () => {
    const { State } = await docker.getContainer(container?.Id ?? '').inspect();
    return State.Running || State.Restarting ? null : State;
  });
  assert.notEqual(given.Error, '', 'the restart failed');
  await rename(aside, mount.Source);
  await stage.until('the app to answer again', async () => {
    const answer = await stage.visit('alone.localhost').catch(() => null);
    return answer?.body === 'alive' ? true : null;
  });
  await recovered('alone', recoveries + 1);
});

test('5.5 one of two that exits is out of rotation until it is well, and only what it had in flight fails', async () => {
  await stage.project('pair', answering('pair'), { replicas: 2 });
  await stage.deploy('pair');
  await using visitors = startVisitors(stage, 'pair.localhost', 50);
  await stage.until('some visits', async () => (visitors.visits.length > 20 ? true : null));
  for (let time = 1; time <= 3; time += 1) {
    await stage.visit('pair.localhost', '/crash', {}, 'POST').catch(() => null);
    await recovered('pair', time);
  }
  const visits = await visitors.stop();
  const failed = visits.filter(({ status }) => status !== 200);
  assert.ok(failed.length <= 3, `${failed.length} of ${visits.length}: ${JSON.stringify(failed)}`);
  const { router, containers } = await addresses(stage.platform);
  assert.deepEqual(router, containers);
  assert.equal((await events('pair', 'instance.crashed')).length, 3);
});

test('a crash of which the control plane could not hear is told when it is back', async () => {
  await stage.platform.stopControlPlane();
  const containers = (await containersOf(stage.platform, 'pair')).length;
  await stage.visit('pair.localhost', '/crash', {}, 'POST').catch(() => null);
  await stage.until('the restart', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => stage.visit('pair.localhost').catch(() => null)));
    return answers.every((answer) => answer?.status === 200) ? true : null;
  });
  await stage.platform.startControlPlane();
  await recovered('pair', 4);
  assert.equal((await events('pair', 'instance.crashed')).length, 4);
  assert.equal((await containersOf(stage.platform, 'pair')).length, containers);
});
