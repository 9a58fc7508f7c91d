import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import type { WireSettingsChange } from '../../src/contract/schemas/environment.ts';
import { manyProcesses } from './apps.ts';
import { Stage } from './stage.ts';

/** What runs once: `release` before traffic, `contract` after the observation (rule 5.8), on real parts. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const settings: WireSettingsChange = {
  volumes: [{ name: 'data', path: '/data', access: 'shared' }],
  drainTimeoutMs: 1_000,
};

function app(name: string, steps: string) {
  return manyProcesses(name, { 'cutover.yaml': steps });
}

async function runs(project: string): Promise<string[]> {
  return (await stage.visit(`${project}.localhost`, '/runs')).body.split('\n').filter((line) => line !== '');
}

async function jobOf(project: string, number: number, type: string) {
  const { jobs } = await stage.detail(project, number);
  const job = jobs.find((one) => one.type === type);
  assert.ok(job !== undefined, `#${number} has ${type}`);
  return job;
}

async function containersOf(project: string): Promise<number> {
  const platform = `cutover.platform=${stage.platform.platformId}`;
  const all = await new Docker().listContainers({ all: true, filters: { label: [platform] } });
  return all.filter(({ Names }) => Names.some((name) => name.includes(`-${project}-`))).length;
}

test('5.8 release runs once in the new image with the new configuration, before any instance of the new version', async () => {
  const repository = await stage.project('shop', app('one', 'release: node once.js release 0 0\n'), settings);
  await stage.must('PUT', '/api/projects/shop/variables', {
    variables: [{ name: 'GREETING', value: 'old', secret: false }],
  });
  await stage.deploy('shop');
  await stage.must('PUT', '/api/projects/shop/variables', {
    variables: [{ name: 'GREETING', value: 'new', secret: false }],
  });
  await repository.commit(app('two', 'release: node once.js release 0 0\n'));
  const { deployment } = await stage.deploy('shop');
  assert.equal(deployment.state, 'completed');
  assert.deepEqual(await runs('shop'), ['release of one with old', 'release of two with new']);
  const told = (await stage.timeline('shop', 2)).map(({ text }) => text);
  assert.ok(told.indexOf('RunReleaseJob: success') >= 0, told.join('\n'));
  assert.ok(told.indexOf('RunReleaseJob: success') <= told.indexOf('instance 1 starting'));
  assert.equal(await containersOf('shop'), 1, 'nothing of it is left');
});

test('5.8 a release step that fails stops the deployment with its last lines, and the old version serves', async () => {
  const repository = await stage.project('broken', app('one', ''), settings);
  await stage.deploy('broken');
  await repository.commit(app('two', 'release: node once.js release 100 9\n'));
  const { deployment } = await stage.deploy('broken');
  assert.equal(deployment.state, 'failed');
  assert.equal(deployment.failure?.code, 'release_failed');
  assert.match(deployment.failure.message, /exited with code 9/);
  assert.match(deployment.failure.message, /release of two with/);
  assert.equal((await stage.visit('broken.localhost')).body, 'one');
  assert.equal((await jobOf('broken', 2, 'RunReleaseJob')).status, 'failure');
  assert.equal((await jobOf('broken', 2, 'DeployImageJob')).status, 'cancelled');
  assert.equal(await containersOf('broken'), 1);
});

test('5.8 and 5.9 a control plane killed in the middle of a release step finds it again, and does not run it twice', async () => {
  const repository = await stage.project('killed', app('one', ''), settings);
  await stage.deploy('killed');
  await repository.commit(app('two', 'release: node once.js release 4000 0\n'));
  const number = await stage.trigger('killed');
  await stage.until('the release step', async () => ((await runs('killed')).length > 0 ? true : null));
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  const { deployment } = await stage.settle('killed', number);
  assert.equal(deployment.state, 'completed');
  assert.equal((await runs('killed')).length, 1);
});

test('2.2 a deployment cancelled during its release step ends within 2 s and leaves nothing behind', async () => {
  const repository = await stage.project('halted', app('one', ''), settings);
  await stage.deploy('halted');
  await repository.commit(app('two', 'release: node once.js release 60000 0\n'));
  const number = await stage.trigger('halted');
  await stage.until('the release step', async () => ((await runs('halted')).length > 0 ? true : null));
  const began = performance.now();
  await stage.must('POST', `/api/projects/halted/deployments/${number}/cancel`);
  const { deployment } = await stage.settle('halted', number);
  const tookMs = performance.now() - began;
  assert.equal(deployment.state, 'cancelled');
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
  assert.equal(await containersOf('halted'), 1);
  assert.equal((await stage.visit('halted.localhost')).body, 'one');
});

test('5.8 contract runs once, only after the observation has passed, and behind it there is no rollback unless forced', async () => {
  const repository = await stage.project('phases', app('one', ''), settings);
  await stage.deploy('phases');
  await stage.settings('phases', { observationMs: 3_000 });
  await repository.commit(app('two', 'contract: node once.js contract 200 0\n'));
  const { deployment } = await stage.deploy('phases');
  assert.equal(deployment.state, 'completed');
  assert.equal((await jobOf('phases', 2, 'RunContractJob')).status, 'pending');
  assert.deepEqual(await runs('phases'), []);
  await stage.until('the contract step', async () =>
    (await jobOf('phases', 2, 'RunContractJob')).status === 'success' ? true : null,
  );
  assert.deepEqual(await runs('phases'), ['contract of two with undefined']);
  const kinds = (await stage.timeline('phases', 2)).map(({ text }) => text);
  const ended = kinds.findIndex((text) => text.startsWith('observation ended'));
  assert.ok(ended >= 0 && ended < kinds.indexOf('RunContractJob started'), kinds.join('\n'));
  assert.equal((await stage.detail('phases', 2)).deployment.state, 'completed');
  const rollback = '/api/projects/phases/environments/production/rollback';
  const refused = await stage.call<{ code: string }>('POST', rollback, {});
  assert.deepEqual([refused.status, refused.body.code], [409, 'rollback_behind_contract']);
  const { number } = await stage.must<{ number: number }>('POST', rollback, { force: true });
  assert.equal((await stage.settle('phases', number)).deployment.state, 'completed');
  assert.equal((await stage.visit('phases.localhost')).body, 'one');
  assert.equal((await runs('phases')).length, 1);
});

test('5.8 a contract step that fails is shown and changes nothing; without an observation it runs at completion', async () => {
  await stage.project('late', app('one', 'contract: node once.js contract 0 4\n'), settings);
  await stage.deploy('late');
  const job = await stage.until('the contract step', async () => {
    const one = await jobOf('late', 1, 'RunContractJob');
    return one.status === 'failure' ? one : null;
  });
  assert.match(job.error ?? '', /exited with code 4/);
  assert.equal((await stage.detail('late', 1)).deployment.state, 'completed');
  assert.equal((await stage.visit('late.localhost')).body, 'one');
  assert.equal(await containersOf('late'), 1);
});

test('5.8 and 5.9 a control plane killed in the middle of a contract step does not run it twice', async () => {
  await stage.project('twice', app('one', 'contract: node once.js contract 4000 0\n'), settings);
  await stage.deploy('twice');
  await stage.until('the contract step', async () => ((await runs('twice')).length > 0 ? true : null));
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  await stage.until('its end', async () =>
    (await jobOf('twice', 1, 'RunContractJob')).status === 'success' ? true : null,
  );
  assert.equal((await runs('twice')).length, 1);
});

test('5.8 a version that is replaced before its observation has passed never runs its contract step', async () => {
  const repository = await stage.project('hasty', app('zero', ''), settings);
  await stage.deploy('hasty');
  await stage.settings('hasty', { observationMs: 60_000 });
  await repository.commit(app('one', 'contract: node once.js contract 0 0\n'));
  await stage.deploy('hasty');
  await stage.settings('hasty', { observationMs: 0 });
  await repository.commit(app('two', ''));
  await stage.deploy('hasty');
  await stage.untilState('hasty', 2, ['stopped']);
  assert.equal((await jobOf('hasty', 2, 'RunContractJob')).status, 'skipped');
  assert.deepEqual(await runs('hasty'), []);
});
