import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import type { WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import type { WirePreview } from '../../src/contract/schemas/preview.ts';
import { commitOf } from '../../src/domain/source.ts';
import { baseImage } from '../harness/images.ts';
import { answering, exposing, viteApp, workspaceApp } from './apps.ts';
import { Stage } from './stage.ts';

/** What is built, and when nothing needs to be: section 3 of the specification through the whole platform. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const docker = new Docker();

interface Built {
  readonly reused: boolean;
  readonly detail: WireDeploymentDetail;
}

async function deployed(project: string, input: object = {}): Promise<Built> {
  return builtBy(project, await stage.deploy(project, input));
}

async function builtBy(project: string, detail: WireDeploymentDetail): Promise<Built> {
  const { deployment } = detail;
  assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  const events = (await stage.timeline(project, deployment.number)).map(({ event }) => event);
  const built = events.filter((event) => event.kind === 'build.completed');
  assert.equal(built.length, 1);
  return { reused: built[0]?.reused ?? false, detail };
}

test('another commit with the same tree is not built again', async () => {
  const repository = await stage.project('same', answering('same'));
  const first = await deployed('same');
  assert.equal(first.reused, false);
  const commit = await repository.commit({}, { message: 'nothing but a message' });
  const second = await deployed('same');
  assert.equal(second.reused, true);
  assert.equal(commitOf(second.detail.deployment.source)?.sha, commit);
  assert.deepEqual(second.detail.deployment.artifact, first.detail.deployment.artifact);
});

test('another build environment is built, and with no cache everything is', async () => {
  await stage.must('PATCH', '/api/projects/same', { build: { buildEnv: { GREETING: 'hello' } } });
  assert.equal((await deployed('same')).reused, false);
  assert.equal((await deployed('same')).reused, true);
  assert.equal((await deployed('same', { noCache: true })).reused, false);
  await stage.must('PATCH', '/api/projects/same', { build: { buildEnv: {} } });
  assert.equal((await deployed('same')).reused, true, 'what was built before is still known');
});

test('3.4 what a pull request built is not used by production, nor the other way round', async () => {
  const previews = '/api/projects/same/previews';
  await stage.must('POST', previews, { pullRequest: 7, branch: 'main' });
  const number = await stage.until('the preview to be deployed', async () => {
    const { deployment } = await stage.must<WirePreview>('GET', `${previews}/pr-7`);
    return deployment?.number ?? null;
  });
  assert.equal((await builtBy('same', await stage.settle('same', number))).reused, false);
  assert.equal((await deployed('same', { environment: 'pr-7' })).reused, true);
  assert.equal((await deployed('same')).reused, true, 'what production built itself');
});

test('another base image behind the same name is built', async () => {
  const name = `cutover-test-base-${randomBytes(4).toString('hex')}`;
  await using _removed = { [Symbol.asyncDispose]: () => docker.getImage(`${name}:1`).remove({ force: true }) };
  await docker.getImage(await baseImage('node')).tag({ repo: name, tag: '1' });
  await stage.project('based', { Dockerfile: `FROM ${name}:1\n${exposing.Dockerfile?.replace(/^FROM .*\n/, '')}` });
  const first = await deployed('based');
  assert.equal((await deployed('based')).reused, true);
  await retagWithAnotherImage(name);
  const second = await deployed('based');
  assert.equal(second.reused, false);
  assert.notDeepEqual(second.detail.deployment.artifact, first.detail.deployment.artifact);
});

async function retagWithAnotherImage(name: string): Promise<void> {
  const container = await docker.createContainer({ Image: `${name}:1`, Cmd: ['true'] });
  try {
    await container.commit({ repo: name, tag: '1', changes: `ENV CUTOVER_TEST_BASE=${name}` });
  } finally {
    await container.remove({ force: true });
  }
}

test('4.1 an app is reached on the port its image exposes; a port that is set wins, and the app is told', async () => {
  await stage.project('exposing', exposing);
  await deployed('exposing');
  assert.deepEqual(JSON.parse((await stage.visit('exposing.localhost')).body), { listensOn: 8080, PORT: '8080' });
  await stage.settings('exposing', { port: 9090 });
  await deployed('exposing');
  assert.deepEqual(JSON.parse((await stage.visit('exposing.localhost')).body), { listensOn: 9090, PORT: '9090' });
  await stage.settings('exposing', { port: null });
  await deployed('exposing');
  assert.deepEqual(JSON.parse((await stage.visit('exposing.localhost')).body), { listensOn: 8080, PORT: '8080' });
});

/** The text of the script that the page names. */
async function bundleOf(host: string): Promise<string> {
  const page = await stage.visit(host);
  const script = /src="(\/[^"]+\.js)"/.exec(page.body)?.[1];
  assert.ok(script !== undefined, page.body);
  const { status, headers, body } = await stage.visit(host, script);
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /javascript/);
  return body;
}

test('3.1 a Vite app is built with Vite and served as files; unknown paths are given its page', async () => {
  const repository = await stage.project('spa', viteApp('first text'));
  await stage.must('PATCH', '/api/projects/spa', { build: { buildEnv: { VITE_GREETING: 'good day' } } });
  const { detail } = await deployed('spa');
  assert.equal(detail.deployment.artifact?.type, 'bundle');
  assert.equal(detail.instances.length, 0);
  assert.match(await bundleOf('spa.localhost'), /first text.*good day|good day.*first text/s);
  const page = await stage.visit('spa.localhost');
  const deep = await stage.visit('spa.localhost', '/users/42/edit');
  assert.deepEqual([deep.status, deep.body], [200, page.body]);
  await repository.commit(viteApp('second text'));
  assert.equal((await deployed('spa')).reused, false);
  assert.match(await bundleOf('spa.localhost'), /second text/);
  assert.equal((await deployed('spa')).reused, true, 'the same bundle is used again');
});

test('3.3 an app of a workspace is built from the root, with what it needs of it; a change of that is a new build', async () => {
  const repository = await stage.project('mono', workspaceApp('one'));
  await stage.must('PATCH', '/api/projects/mono', { build: { directory: 'apps/web' } });
  assert.equal((await deployed('mono')).reused, false);
  assert.equal((await stage.visit('mono.localhost')).body, 'one');
  await repository.commit(workspaceApp('two'));
  assert.equal((await deployed('mono')).reused, false);
  assert.equal((await stage.visit('mono.localhost')).body, 'two');
  assert.equal((await deployed('mono')).reused, true);
});

test('3.3 an app in a directory is not built again for a change beside it, and is for one in it or of a file above it', async () => {
  const inDirectory = Object.entries(answering('beside')).map(([path, text]) => [`apps/web/${path}`, text]);
  const repository = await stage.project('beside', Object.fromEntries(inDirectory));
  await stage.must('PATCH', '/api/projects/beside', { build: { directory: 'apps/web' } });
  assert.equal((await deployed('beside')).reused, false);
  await repository.commit({ 'apps/api/index.js': '1', 'lib/x.js': '1' });
  assert.equal((await deployed('beside')).reused, true);
  await repository.commit({ 'apps/web/more.txt': '1' });
  assert.equal((await deployed('beside')).reused, false);
  await repository.commit({ 'README.md': '1' });
  assert.equal((await deployed('beside')).reused, false);
});
