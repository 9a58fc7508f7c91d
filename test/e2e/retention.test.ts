import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import type { WireRetentionPlan, WireRetentionRun } from '../../src/contract/schemas/retention.ts';
import { commitOf } from '../../src/domain/source.ts';
import { baseImage } from '../harness/images.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';
import { containersOf } from './world.ts';

/** What is kept to go back to, and what goes (rule 5.7), on real parts. */
let stage: Stage;
const docker = new Docker();
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const settings = (change: object) => stage.must('PATCH', '/api/retention/settings', change);
const plan = () => stage.must<WireRetentionPlan>('GET', '/api/retention/plan');
const run = () => stage.must<WireRetentionRun>('POST', '/api/retention/run', {});
const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);

type Asked = WireDeployment & { readonly code?: string; readonly detail?: string };
const rollBack = (project: string, to: number) =>
  stage.call<Asked>('POST', `/api/projects/${project}/environments/production/rollback`, { to });

async function artifactOf(project: string, number: number): Promise<string> {
  const { artifact } = (await stage.detail(project, number)).deployment;
  return artifact?.type === 'image' ? artifact.imageId : (artifact?.bundle ?? '');
}

async function isHere(imageId: string): Promise<boolean> {
  const images = await docker.listImages({ all: true });
  return images.some(({ Id }) => Id === imageId);
}

test('5.7 with 2 rollback targets, of 5 deployments the image of the oldest goes, and what stays can be gone back to', async () => {
  await settings({ rollbackTargets: 2, budgetBytes: 0 });
  const repository = await stage.project('keep', answering('v1'));
  for (const name of ['v1', 'v2', 'v3', 'v4', 'v5']) {
    await repository.commit(answering(name));
    assert.equal((await stage.deploy('keep')).deployment.state, 'completed');
  }
  await stage.until('what served before to be stopped', async () =>
    (await containersOf(stage.platform, 'keep')).length === 1 ? true : null,
  );
  const images = await Promise.all([1, 2, 3, 4, 5].map((number) => artifactOf('keep', number)));
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = images;

  // Somebody wants to keep #2, somebody built FROM #5, and another platform has an image of its own.
  await docker.getImage(second).tag({ repo: 'cutover-test-retention', tag: 'mine' });
  const derived = await buildFrom(fifth);
  const other = await imageOfAnotherPlatform();
  try {
    const foreseen = await plan();
    assert.deepEqual(ids(foreseen.going), [first]);
    const rules = new Map(foreseen.kept.map(({ id, rule }) => [id, rule]));
    assert.deepEqual(
      [second, third, fourth, fifth, derived, other].map((id) => rules.get(id)),
      ['tagged', 'rollback-target', 'rollback-target', 'in-use', 'unknown', undefined],
    );
    assert.ok(await isHere(first), 'a plan removes nothing');

    const done = await run();
    assert.deepEqual(done.removed, foreseen.going, 'what was said is what went');
    assert.deepEqual([done.stayed, done.more, typeof done.givenBackBytes], [[], false, 'number']);
    assert.deepEqual(await Promise.all([...images, derived, other].map(isHere)), [
      false,
      true,
      true,
      true,
      true,
      true,
      true,
    ]);
    assert.deepEqual((await run()).removed, [], 'once is enough');
  } finally {
    for (const name of ['cutover-test-retention:mine', derived, other])
      await docker.getImage(name).remove({ force: true });
  }

  const { status, body } = await rollBack('keep', 1);
  assert.deepEqual([status, body.code], [422, 'artifact_gone']);
  assert.match(body.detail ?? '', /artifact of #1 is not on this machine any more/);
  const { deployments } = await stage.must<{ deployments: WireDeployment[] }>('GET', '/api/projects/keep/deployments');
  const gone = deployments.filter(({ removed }) => removed.artifactAt !== null).map(({ number }) => number);
  assert.deepEqual(gone, [1], 'shown as not available');

  const back = await rollBack('keep', 3);
  assert.equal(back.status, 202, JSON.stringify(back.body));
  assert.equal((await stage.settle('keep', back.body.number)).deployment.state, 'completed');
  assert.equal((await stage.visit('keep.localhost')).body, 'v3');
});

test('what was built from the same input before, and is gone, is built again', async () => {
  const { deployment } = await stage.detail('keep', 1);
  const again = await stage.deploy('keep', { commit: commitOf(deployment.source)?.sha });
  assert.equal(again.deployment.state, 'completed', again.deployment.reason ?? '');
  assert.notEqual(again.deployment.artifact, null);
  assert.equal((await stage.visit('keep.localhost')).body, 'v1');
});

test('a bundle that is gone is there again when the same files are deployed again', async () => {
  await settings({ rollbackTargets: 1, budgetBytes: 0 });
  const repository = await stage.project('files', { 'index.html': 'one' });
  for (const text of ['one', 'two', 'three']) {
    await repository.commit({ 'index.html': text });
    assert.equal((await stage.deploy('files')).deployment.state, 'completed');
  }
  const [first, second] = [await artifactOf('files', 1), await artifactOf('files', 2)];
  const done = await stage.until('the first bundle to go', async () => {
    const { removed } = await run();
    return removed.some(({ id }) => id === first) ? removed : null;
  });
  assert.ok(!ids(done).includes(second));
  assert.equal((await rollBack('files', 1)).body.code, 'artifact_gone');
  await repository.commit({ 'index.html': 'one' });
  const again = await stage.deploy('files');
  assert.deepEqual([again.deployment.state, await artifactOf('files', again.deployment.number)], ['completed', first]);
  await run();
  assert.equal((await stage.detail('files', 1)).deployment.removed.artifactAt, null);
  const back = await rollBack('files', 1);
  assert.equal(back.status, 202, JSON.stringify(back.body));
  assert.equal((await stage.settle('files', back.body.number)).deployment.state, 'completed');
});

test('with less free disk than is set, a build fails at once and says what to do; with enough it goes on', async () => {
  const repository = await stage.project('room', answering('one'));
  await settings({ minFreeBytes: 1e15 });
  const { deployment } = await stage.deploy('room');
  assert.deepEqual([deployment.state, deployment.failure?.code], ['failed', 'disk_low']);
  assert.match(deployment.reason ?? '', /are free on the disk of the data directory .*1000000.0 GB at least/);
  assert.match(deployment.failure?.next ?? '', /cutover prune --dry-run/);
  await settings({ minFreeBytes: null });
  await repository.commit(answering('two'));
  assert.equal((await stage.deploy('room')).deployment.state, 'completed');
});

test('settings that make no sense are refused', async () => {
  const { status, body } = await stage.call<Asked>('PATCH', '/api/retention/settings', { rollbackTargets: 0 });
  assert.deepEqual([status, body.code], [400, 'invalid_input']);
});

/** It inherits the labels. */
async function buildFrom(imageId: string): Promise<string> {
  const container = await docker.createContainer({ Image: imageId });
  try {
    const made = (await container.commit({ repo: 'cutover-test-retention', tag: 'derived' })) as { Id: string };
    return made.Id;
  } finally {
    await container.remove();
  }
}

async function imageOfAnotherPlatform(): Promise<string> {
  const container = await docker.createContainer({ Image: await baseImage('node') });
  try {
    const made = (await container.commit({
      repo: 'cutover-test-retention',
      tag: 'other',
      changes: 'LABEL cutover.platform=another',
    })) as { Id: string };
    return made.Id;
  } finally {
    await container.remove();
  }
}
