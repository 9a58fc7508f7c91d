import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { defaultTokenUser } from '../../src/domain/repository-credential.ts';
import { temporary } from '../harness/git-server-source.ts';
import { writeNixpacks } from '../harness/nixpacks-stand-in.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';
import { checkouts } from './world.ts';

const run = promisify(execFile);
const token = 'tok_5f2b9c8e71d04a36';
const encoded = Buffer.from(`${defaultTokenUser}:${token}`).toString('base64');

/** What a private repository needs, and what a hostile one gets, on real parts. */
let stage: Stage;
let nixpacks: string;
const stack = new AsyncDisposableStack();
before(async () => {
  nixpacks = join(stack.use(await temporary()).path, 'nixpacks');
  stage = stack.use(await Stage.open({ variables: { nixpacks } }));
});
after(() => stack.disposeAsync());

async function failureOf(project: string) {
  const { deployment } = await stage.deploy(project);
  assert.equal(deployment.state, 'failed');
  assert.deepEqual(await checkouts(stage.platform), [], 'no work tree is left behind');
  return { code: deployment.failure?.code, message: deployment.failure?.message ?? '' };
}

test('a private repository is deployed with the token of its project, which is in no file and no answer of the platform', async (t) => {
  await stage.project('private', answering('inside'));
  stage.git.demand({ user: defaultTokenUser, password: token });
  t.after(() => stage.git.demand(null));
  assert.equal((await failureOf('private')).code, 'repository_needs_credentials');
  const path = '/api/projects/private/credential';
  const wrong = await stage.call('PUT', path, { kind: 'token', token: 'tok_of_somebody_else' });
  assert.equal(wrong.status, 200);
  assert.equal((await failureOf('private')).code, 'repository_credentials_refused');
  const answers = [await stage.call('PUT', path, { kind: 'token', token }), await stage.call('GET', path)];
  const { deployment } = await stage.deploy('private');
  assert.equal(deployment.state, 'completed');
  assert.equal((await stage.visit('private.localhost')).body, 'inside');
  answers.push(
    await stage.call('GET', '/api/projects/private'),
    await stage.call('GET', '/api/projects/private/deployments'),
  );
  assert.doesNotMatch(JSON.stringify(answers), new RegExp(token));
  // Database, logs, mirrors, the control plane's own log: all of it is below one directory.
  await assert.rejects(run('grep', ['-rlaE', `${token}|${encoded}`, stage.platform.dataDir]), { code: 1 });
});

test('3.1 a Dockerfile, a manifest, a configuration and an app directory that lead out of the checkout are not read', async () => {
  const repository = await stage.project('linked', {});
  await repository.commit({ Dockerfile: { link: '/etc/hostname' } });
  assert.equal((await failureOf('linked')).code, 'app_not_detected');
  await stage.must('PATCH', '/api/projects/linked', { build: { preset: 'dockerfile' } });
  assert.match((await failureOf('linked')).message, /leads out of the checkout/);
  await stage.must('PATCH', '/api/projects/linked', { build: { preset: 'node' } });
  await repository.commit({ Dockerfile: null, 'package.json': { link: '../../../../../../../../etc/passwd' } });
  const manifest = await failureOf('linked');
  assert.doesNotMatch(manifest.message, /root:/);
  await repository.commit({ ...answering('x'), 'cutover.yaml': { link: '/etc/passwd' } });
  const config = await failureOf('linked');
  assert.deepEqual([config.code, /root:/.test(config.message)], ['config_invalid', false]);
  await repository.commit({ 'cutover.yaml': null, app: { link: '/etc' } });
  await stage.must('PATCH', '/api/projects/linked', { build: { directory: 'app' } });
  assert.equal((await failureOf('linked')).code, 'directory_not_found');
});

test('links out of a static site and out of a build context give nothing of this machine away', async () => {
  const site = await stage.project('site', {});
  const links = { 'passwd.txt': { link: '/etc/passwd' }, etc: { link: '/etc' } };
  await site.commit({ 'index.html': 'welcome', ...links });
  assert.match((await failureOf('site')).message, /the link "etc" is absolute/);
  const app = await stage.project('context', answering('started'));
  await app.commit({ outside: { link: '/etc/hostname' } });
  await stage.deploy('context');
  assert.equal((await stage.visit('context.localhost')).body, 'started');
});

test('3.2 Nixpacks that is chosen and missing is named, and builds once it is installed', async () => {
  await stage.project('nixed', { ...answering('by nixpacks'), Procfile: '' });
  await stage.must('PATCH', '/api/projects/nixed', { build: { builder: 'nixpacks' } });
  assert.equal((await failureOf('nixed')).code, 'nixpacks_missing');
  await writeNixpacks(nixpacks);
  const { deployment } = await stage.deploy('nixed');
  assert.equal(deployment.failure, null);
  assert.equal((await stage.visit('nixed.localhost')).body, 'by nixpacks');
});
