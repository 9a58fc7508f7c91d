import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { operations } from '../../src/contract/endpoints.ts';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { runMain, type CliResult } from '../cli/cli-run.ts';
import { deployerMay } from '../harness/deployer-decisions.ts';
import { GitClient } from '../harness/git-client.ts';
import { slowBuild } from './apps.ts';
import { Stage } from './stage.ts';

/** Rule 9.4 against a real platform: what its commands let a token do that may only deploy. */
let stage: Stage;
let directory: string;
let everywhere: string;
let stagingOnly: string;

before(async () => {
  stage = await Stage.open();
  directory = await mkdtemp('/tmp/cutover-test-tokens-');
  await writeFile(join(directory, 'index.html'), 'from a pipeline');
  await stage.must('POST', '/api/projects', { name: 'mine', repository: null, gitPush: true });
  await stage.settings('mine', { observationMs: 0 });
  const environment = { name: 'staging', settings: { branch: 'next', observationMs: 0 } };
  await stage.must('POST', '/api/projects/mine/environments', environment);
  await stage.project('other', { 'index.html': 'other' });
  everywhere = await created('--deploy-only', '--project', 'mine', '--expires', '90d');
  stagingOnly = await created('staging-ci', '--deploy-only', '-p', 'mine', '-e', 'staging');
});
after(async () => {
  await stage[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function cutover(token: string, ...args: readonly string[]): Promise<CliResult> {
  const env = {
    CUTOVER_URL: stage.platform.apiUrl,
    CUTOVER_TOKEN: token,
    CUTOVER_CONFIG_DIR: join(directory, 'config'),
  };
  return runMain(args, { env });
}

async function created(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cutover(stage.platform.token, 'tokens', 'create', ...args);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

async function codeOf(token: string, method: string, path: string, body?: object): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const { status, body: answer } = await stage.call<{ code?: string }>(method, path, body, headers);
  return status < 400 ? 'done' : (answer.code ?? String(status));
}

async function queued(token: string): Promise<readonly number[]> {
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await stage.call<{ items: { deployment: WireDeployment }[] }>(
    'GET',
    '/api/queue',
    undefined,
    headers,
  );
  return body.items.map(({ deployment }) => deployment.number);
}

const remote = (token: string) => `http://ci:${token}@cutover.localhost:${stage.platform.routerPort}/git/mine.git`;

test('rule 9.4: with it a pipeline deploys, without naming the project, and sees how it goes', async () => {
  const deployed = await cutover(everywhere, 'deploy', '--from', directory, '--json');
  assert.equal(deployed.code, 0, deployed.stderr);
  const { number } = JSON.parse(deployed.stdout) as WireDeployment;
  assert.equal((await stage.visit('mine.localhost')).body, 'from a pipeline');
  for (const args of [
    ['whoami'],
    ['queue'],
    ['deployments', 'list'],
    ['deployments', 'status', String(number)],
    ['deployments', 'logs', String(number), 'BuildImageJob'],
  ]) {
    const { code, stderr } = await cutover(everywhere, ...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  }
});

test('rule 9.4: every endpoint that is not for it refuses it, and those of another project are not there', async () => {
  const values: Readonly<Record<string, string>> = { environment: 'production', number: '1', log: 'BuildImageJob' };
  for (const { id, endpoint } of operations()) {
    if (endpoint.access.kind === 'public' || deployerMay.has(id)) continue;
    const inProject = (project: string) =>
      endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        name === 'project' ? project : (values[name] ?? 'x'),
      );
    assert.equal(await codeOf(everywhere, endpoint.method, inProject('mine')), 'forbidden', id);
    if (endpoint.path.includes('{project}'))
      assert.equal(await codeOf(everywhere, endpoint.method, inProject('other')), 'not_found', id);
  }
  const trigger = { environment: 'production' };
  assert.equal(await codeOf(everywhere, 'POST', '/api/projects/other/trigger-pipeline', trigger), 'not_found');
  assert.equal(await codeOf(everywhere, 'GET', '/api/projects/other/deployments'), 'not_found');
});

test('rule 9.4: it cancels what it has triggered itself, and nothing of others', async () => {
  const slow = await mkdtemp(join(directory, 'slow-'));
  for (const [name, content] of Object.entries(slowBuild({ lines: 60, secondsApart: 1 })))
    await writeFile(join(slow, name), content ?? '');
  for (const [token, may] of [
    [stage.platform.token, 'forbidden'],
    [everywhere, 'done'],
  ] as const) {
    const { code, stdout, stderr } = await cutover(token, 'deploy', 'mine', '--from', slow, '--no-wait', '--json');
    assert.equal(code, 0, stderr);
    const { number } = JSON.parse(stdout) as WireDeployment;
    assert.deepEqual([await queued(everywhere), await queued(stagingOnly)], [[number], []]);
    const cancel = `/api/projects/mine/deployments/${number}/cancel`;
    assert.equal(await codeOf(everywhere, 'POST', cancel), may);
    await stage.call('POST', cancel);
    await stage.settle('mine', number);
  }
});

test('rule 9.4: one that is bound to an environment finds no other', async () => {
  const trigger = { environment: 'production' };
  assert.equal(await codeOf(stagingOnly, 'POST', '/api/projects/mine/trigger-pipeline', trigger), 'not_found');
  for (const path of [
    'deployments/1',
    'deployments/1/timeline',
    'deployments/1/logs/BuildImageJob',
    'environments/production/plan',
    'deployments?environment=production',
  ])
    assert.equal(await codeOf(stagingOnly, 'GET', `/api/projects/mine/${path}`), 'not_found', path);
  assert.equal(await codeOf(stagingOnly, 'POST', '/api/projects/mine/deployments/1/cancel'), 'not_found');
  const deployed = await cutover(stagingOnly, 'deploy', '-e', 'staging', '--from', directory, '--json');
  assert.equal(deployed.code, 0, deployed.stderr);
  const both = await created('both', '--deploy-only', '-p', 'mine', '-e', 'staging', 'production');
  assert.equal(await codeOf(both, 'GET', '/api/projects/mine/deployments'), 'invalid_input');
  assert.equal(await codeOf(both, 'GET', '/api/projects/mine/deployments?environment=production'), 'done');
  const { stdout } = await cutover(stagingOnly, 'deployments', 'list', '--json');
  const listed = JSON.parse(stdout) as WireDeployment[];
  assert.deepEqual(new Set(listed.map(({ environment }) => environment)), new Set(['staging']));
  assert.match((await cutover(stagingOnly, 'whoami')).stdout, /mine \(staging only\)/);
});

test('rule 9.4: as the password of `git push` it deploys; it fetches nothing, and reaches no other environment', async () => {
  await using client = await GitClient.init({ 'index.html': 'pushed' });
  const refused = await client.run(['push', remote(stagingOnly), 'main']);
  assert.match(refused.said, /remote rejected.*the token may not deploy what this would deploy/);
  const staged = await client.run(['push', remote(stagingOnly), 'main:next']);
  assert.equal(staged.code, 0, staged.said);
  assert.equal((await stage.visit('staging-mine.localhost')).body, 'pushed');
  const pushed = await client.run(['push', remote(everywhere), 'main']);
  assert.equal(pushed.code, 0, pushed.said);
  assert.equal((await stage.visit('mine.localhost')).body, 'pushed');
  assert.equal((await client.run(['fetch', remote(stage.platform.token), 'main'])).code, 0);
  for (const token of [everywhere, stagingOnly])
    assert.notEqual((await client.run(['fetch', remote(token), 'main'])).code, 0);
});

test('rule 9.4: it is listed with what it is for, and is nobody once it is revoked', async () => {
  const { stdout } = await cutover(stage.platform.token, 'tokens', 'list');
  assert.match(stdout, /^deploy +deployer +mine +all .* \d{4}-\d\d-\d\d /m);
  const [, id = ''] = /^staging-ci +deployer +mine +staging .* never +(\S+)$/m.exec(stdout) ?? assert.fail(stdout);
  assert.equal((await cutover(stage.platform.token, 'tokens', 'revoke', id, '-y')).code, 0);
  assert.equal(await codeOf(stagingOnly, 'GET', '/api/whoami'), 'unauthenticated');
});
