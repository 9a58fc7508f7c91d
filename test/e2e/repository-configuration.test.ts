import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';

/** What a repository says of itself, by cutover.yaml and Procfile (rule 4.3), on real parts. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

async function countServing(project: string, number: number): Promise<number> {
  const { instances } = await stage.detail(project, number);
  return instances.filter(({ phase }) => phase === 'serving').length;
}

test('4.3 an error in cutover.yaml fails the deployment with its file, line and column, and the old version serves', async () => {
  const repository = await stage.project('wrong', answering('one'));
  await stage.deploy('wrong');
  await repository.commit({
    ...answering('two'),
    'cutover.yaml': 'replicas: 2\nhealth:\n  pth: /up\n  interval: often\n',
  });
  const { deployment } = await stage.deploy('wrong');
  assert.equal(deployment.state, 'failed');
  assert.equal(deployment.failure?.code, 'config_invalid');
  assert.match(deployment.failure.message, /cutover\.yaml:3:3: unknown key "pth" in health \(did you mean "path"\?\)/);
  assert.match(deployment.failure.message, /cutover\.yaml:4:13: /, 'everything is named at once');
  assert.equal((await stage.visit('wrong.localhost')).body, 'one');
  assert.equal(await countServing('wrong', 1), 1);
});

test('4.3 what is right by itself but does not go with the environment is refused, and says so', async () => {
  const volumes = [{ name: 'data', path: '/data', access: 'shared' as const }];
  await stage.project(
    'clash',
    { ...answering('one'), 'cutover.yaml': 'volumes:\n  other: { path: /data, access: shared }\n' },
    { volumes },
  );
  const { deployment } = await stage.deploy('clash');
  assert.equal(deployment.failure?.code, 'config_invalid');
  assert.match(deployment.failure.message, /is already the path of the volume/);
});

test('4.3 settings in cutover.yaml win over the environment, end with the commit that has them, and go back with a rollback', async () => {
  const repository = await stage.project('won', { ...answering('one'), 'cutover.yaml': 'replicas: 2\n' });
  await stage.deploy('won');
  assert.equal(await countServing('won', 1), 2);
  await repository.commit({ ...answering('two'), 'cutover.yaml': 'observation: 0\n' });
  await stage.deploy('won');
  assert.equal(await countServing('won', 2), 1, 'the environment says one');
  const { number } = await stage.must<{ number: number }>(
    'POST',
    '/api/projects/won/environments/production/rollback',
    {},
  );
  assert.equal((await stage.settle('won', number)).deployment.state, 'completed');
  assert.equal((await stage.visit('won.localhost')).body, 'one');
  assert.equal(await countServing('won', number), 2);
});

test('4.3 a Procfile says what web starts, and adds its workers', async () => {
  const files = {
    ...answering('unused'),
    'other.js': "require('node:http').createServer((_, r) => r.end('other')).listen(process.env.PORT);\n",
    'worker.js': 'setInterval(() => {}, 1000);\n',
    Procfile: '# what runs\nweb: node other.js\nclock: node worker.js\n',
  };
  await stage.project('proc', { ...files, 'cutover.yaml': 'processes: { clock: { stayUp: 300ms } }\n' });
  const { deployment } = await stage.deploy('proc');
  assert.equal(deployment.state, 'completed', deployment.reason ?? '');
  assert.equal((await stage.visit('proc.localhost')).body, 'other');
  const { instances } = await stage.detail('proc', 1);
  assert.deepEqual(instances.map(({ process }) => process).toSorted(), ['clock', 'web']);
});

test('4.3 an error in a Procfile fails the deployment with its line', async () => {
  await stage.project('misspelt', { ...answering('one'), Procfile: 'web: node server.js\nWorker node worker.js\n' });
  const { deployment } = await stage.deploy('misspelt');
  assert.equal(deployment.failure?.code, 'config_invalid');
  assert.match(deployment.failure.message, /Procfile:2:1: /);
});
