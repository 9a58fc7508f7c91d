import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import {
  answering,
  answering500,
  eatingMemory,
  exitingAtStart,
  neverAnswering,
  onAnotherPort,
  slowToStart,
} from './apps.ts';
import { Stage } from './stage.ts';

/** What bad input gets: a code, what happened, the old version still serving, nothing left behind. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const docker = new Docker();
const patient = { health: { startPeriodMs: 1_000, intervalMs: 300, timeoutMs: 500 } };

async function containers(project: string) {
  const filters = { label: [`cutover.platform=${stage.platform.platformId}`, `cutover.project=${project}`] };
  return docker.listContainers({ all: true, filters });
}

/** Deploys a good version, then a bad one, and checks what must hold for every bad one. */
async function deployBad(name: string, bad: Readonly<Record<string, string>>) {
  const repository = await stage.project(name, answering('good'), patient);
  assert.equal((await stage.deploy(name)).deployment.state, 'completed');
  await repository.commit(bad);
  const { deployment, jobs } = await stage.deploy(name);
  assert.equal(deployment.state, 'failed');
  assert.equal((await stage.visit(`${name}.localhost`)).body, 'good', 'the old version still serves');
  assert.equal((await containers(name)).length, 1, 'nothing is left behind');
  assert.ok(jobs.some(({ status }) => status === 'failure'));
  assert.ok(jobs.every(({ status }) => status !== 'pending' && status !== 'running'));
  assert.ok(deployment.failure, 'the failure is on record');
  return { code: deployment.failure.code, message: deployment.failure.message, reason: deployment.reason ?? '' };
}

test('5.1 an app that exits at start is named with its exit code and its last 50 lines', async () => {
  const { code, message } = await deployBad('exits', exitingAtStart(7));
  assert.equal(code, 'instance_exited');
  assert.match(message, /exited with code 7/);
  assert.match(message, /cannot open the database/);
  assert.match(message, /line 60/);
  assert.doesNotMatch(message, /^line 5$/m);
});

test('5.1 an app that answers 500 is named with the status and the start of the body', async () => {
  const { code, message, reason } = await deployBad('answers500', answering500);
  assert.equal(code, 'gate_failed');
  assert.match(message, /last answer 500: "db unreachable" after \d+ tries/);
  assert.match(reason, /^gate \(/);
});

test('5.1 an app that never answers', async () => {
  const { code, message } = await deployBad('silent', neverAnswering);
  assert.equal(code, 'gate_failed');
  assert.match(message, /no answer in time/);
});

test('5.1 an app on another port: the open port is named', async () => {
  const { code, message } = await deployBad('elsewhere', onAnotherPort);
  assert.equal(code, 'gate_failed');
  assert.match(message, /nothing on 3000; 8080 is open/);
});

test('an app that is killed for memory: it says so', async () => {
  const { code, message } = await deployBad('hungry', eatingMemory);
  assert.equal(code, 'instance_out_of_memory');
  assert.match(message, /512 MB of memory/);
});

test('a Dockerfile that fails: the step and its last lines', async () => {
  const { code, message } = await deployBad('broken-build', {
    Dockerfile: 'FROM node:24-slim\nRUN echo about to fail && exit 4\n',
  });
  assert.equal(code, 'build_failed');
  assert.match(message, /about to fail/);
});

test('an undetectable app: it says what was looked for', async () => {
  await stage.project('nothing', { 'notes.txt': 'hello' });
  const { deployment } = await stage.deploy('nothing');
  assert.deepEqual([deployment.state, deployment.failure?.code], ['failed', 'app_not_detected']);
  assert.match(deployment.failure?.message ?? '', /Dockerfile/);
  assert.match(deployment.failure?.message ?? '', /package\.json/);
});

test('a repository that does not exist, and a commit that does not', async () => {
  await stage.must('POST', '/api/projects', { name: 'nowhere', repository: `${stage.git.url}/nowhere.git` });
  const missing = await stage.deploy('nowhere');
  assert.deepEqual([missing.deployment.state, missing.deployment.failure?.code], ['failed', 'repository_not_found']);
  await stage.project('here', answering('here'));
  const commit = await stage.deploy('here', { commit: 'f'.repeat(40) });
  assert.deepEqual([commit.deployment.state, commit.deployment.failure?.code], ['failed', 'commit_not_found']);
  const branch = await stage.deploy('here', { branch: 'missing' });
  assert.equal(branch.deployment.failure?.code, 'branch_not_found');
});

test('branches that look like options or commands are refused before anything runs', async () => {
  for (const branch of ['--upload-pack=touch x', '$(id)', '../x']) {
    const answer = await stage.call<{ code: string; next: string }>('POST', '/api/projects/here/trigger-pipeline', {
      environment: 'production',
      branch,
    });
    assert.equal(answer.body.code, 'ref_invalid', branch);
    assert.ok(answer.body.next.length > 0);
  }
});

test('5.3 with three replicas, one that dies at the gate takes the whole version back', async () => {
  const repository = await stage.project('three', answering('good'), { replicas: 3 });
  assert.equal((await stage.deploy('three')).deployment.state, 'completed');
  await repository.commit(slowToStart('bad'));
  const number = await stage.trigger('three');
  const second = await stage.until('the second new instance', async () => {
    const all = await containers('three');
    return (
      all.find(
        ({ Labels, State }) =>
          State === 'running' &&
          Labels['cutover.deployment-number'] === String(number) &&
          Labels['cutover.ordinal'] === '2',
      ) ?? null
    );
  });
  await docker.getContainer(second.Id).kill();
  const { deployment } = await stage.settle('three', number);
  assert.deepEqual([deployment.state, deployment.failure?.code], ['failed', 'instance_exited']);
  assert.equal((await containers('three')).length, 3);
  const bodies = await Promise.all(Array.from({ length: 12 }, async () => (await stage.visit('three.localhost')).body));
  assert.deepEqual(new Set(bodies), new Set(['good']));
});

test('2.2 cancel while it builds ends in cancelled within 2 s and leaves nothing', async () => {
  await stage.project('slow-build', { Dockerfile: 'FROM node:24-slim\nRUN sleep 60\n' });
  const number = await stage.trigger('slow-build');
  await stage.until('the build to run', async () =>
    (await stage.log('slow-build', number, 'BuildImageJob')).includes('sleep 60') ? true : null,
  );
  const began = performance.now();
  const { body } = await stage.call<{ state: string }>('POST', `/api/projects/slow-build/deployments/${number}/cancel`);
  assert.equal(body.state, 'cancelled');
  assert.ok(performance.now() - began < 2_000, `${performance.now() - began} ms`);
  assert.equal((await containers('slow-build')).length, 0);
  const images = await docker.listImages({
    filters: {
      label: [
        `cutover.platform=${stage.platform.platformId}`,
        `cutover.deployment=${(await stage.detail('slow-build', number)).deployment.id}`,
      ],
    },
  });
  assert.equal(images.length, 0);
});

test('2.2 cancel of a completed deployment is refused with its state, and changes nothing', async () => {
  const answer = await stage.call<{ code: string; detail: string }>('POST', '/api/projects/three/deployments/1/cancel');
  assert.equal(answer.status, 409);
  assert.equal(answer.body.code, 'illegal_transition');
  assert.equal((await stage.visit('three.localhost')).body, 'good');
});

test('10 a secret in the output of an app or a build is masked before it is written', async () => {
  await stage.project('leaky', {
    'package.json': JSON.stringify({ name: 'app', scripts: { start: 'node server.js' } }),
    'server.js':
      "console.log('the key is', process.env.KEY, Buffer.from(process.env.KEY).toString('base64')); require('node:http').createServer((_, r) => r.end('ok')).listen(process.env.PORT);",
  });
  await stage.must('PUT', '/api/projects/leaky/variables', {
    variables: [{ name: 'KEY', value: 'correct-horse-battery', secret: true }],
  });
  const { instances } = await stage.deploy('leaky');
  const log = await stage.until('the line', async () => {
    const text = await stage.log('leaky', 1, instances[0]?.id ?? '');
    return text.includes('the key is') ? text : null;
  });
  assert.doesNotMatch(log, /correct-horse-battery/);
  assert.ok(!log.includes(Buffer.from('correct-horse-battery').toString('base64')));
});
