import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

test('3.1 a directory with an index.html is served as it is, and the next version replaces it', async () => {
  const repository = await stage.project('site', { 'index.html': '<h1>one</h1>', 'about.html': '<h1>about</h1>' });
  const first = await stage.deploy('site');
  assert.equal(first.deployment.state, 'completed', JSON.stringify(first.deployment.failure));
  assert.deepEqual(
    first.jobs.map(({ type }) => type),
    ['DownloadRepoJob', 'BuildImageJob', 'DeployStaticJob', 'MarkDeploymentCompleteJob'],
  );
  assert.match((await stage.visit('site.localhost')).body, /one/);
  assert.match((await stage.visit('site.localhost', '/about')).body, /about/);
  assert.equal((await stage.visit('site.localhost', '/missing')).status, 404);
  await repository.commit({ 'index.html': '<h1>two</h1>' });
  assert.equal((await stage.deploy('site')).deployment.state, 'completed');
  assert.match((await stage.visit('site.localhost')).body, /two/);
});

test('5.10 a visitor cannot choose a bundle with the internal header', async () => {
  await stage.project('other', { 'index.html': 'other' });
  const { deployment } = await stage.deploy('other');
  const bundle = deployment.artifact?.type === 'bundle' ? deployment.artifact.bundle : '';
  assert.match(bundle, /^[0-9a-f]{64}$/);
  const answer = await stage.visit('site.localhost', '/', { 'x-cutover-bundle': bundle, 'x-cutover-spa': '1' });
  assert.match(answer.body, /two/);
});

test('an app can become a site and a site an app', async () => {
  const repository = await stage.project('changing', { 'index.html': 'files' });
  await stage.deploy('changing');
  await repository.commit({
    'index.html': null,
    'package.json': JSON.stringify({ name: 'app', scripts: { start: 'node server.js' } }),
    'server.js': "require('node:http').createServer((_, r) => r.end('process')).listen(process.env.PORT);",
  });
  const { deployment } = await stage.deploy('changing');
  assert.equal(deployment.artifact?.type, 'image', JSON.stringify(deployment.failure));
  assert.equal((await stage.visit('changing.localhost')).body, 'process');
  await repository.commit({ 'package.json': null, 'server.js': null, 'index.html': 'files again' });
  await stage.deploy('changing');
  assert.equal((await stage.visit('changing.localhost')).body, 'files again');
});
