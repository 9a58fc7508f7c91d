import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import type { WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import {
  answering,
  answering500,
  answering500With,
  eatingMemory,
  exitingAtStart,
  neverAnswering,
  onAnotherPort,
  slowToStart,
} from './apps.ts';
import { Stage } from './stage.ts';
import { addresses, checkouts, containersOf, imagesOf, routerState } from './world.ts';

/** What bad input gets: a code, what happened, the old version still serving, nothing left behind. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const docker = new Docker();
const patient = { health: { startPeriodMs: 1_000, intervalMs: 300, timeoutMs: 500 } };

const containers = (project: string) => containersOf(stage.platform, project);

/** Rule 2.3: what depends on a job that failed is cancelled; what it depended on has succeeded. */
function checkJobs({ jobs }: WireDeploymentDetail): void {
  const failed = jobs.findIndex(({ status }) => status === 'failure');
  assert.deepEqual(
    jobs.map(({ status }) => status),
    jobs.map((_, index) => (index < failed ? 'success' : index === failed ? 'failure' : 'cancelled')),
  );
}

/** What a failed deployment leaves: its logs, and nothing else. */
async function checkLeftovers(name: string, { deployment, jobs, instances }: WireDeploymentDetail): Promise<void> {
  assert.equal((await containers(name)).length, 1, 'no container is left behind');
  const { router, containers: running } = await addresses(stage.platform);
  assert.deepEqual(router, running, 'the router knows the instances that serve, and no other');
  const { routes } = await routerState(stage.platform);
  assert.ok(routes.every(([, { candidate }]) => candidate === null));
  assert.deepEqual(await checkouts(stage.platform), [], 'no work tree is left behind');
  if (jobs.some(({ type, status }) => type === 'BuildImageJob' && status === 'failure'))
    assert.deepEqual(await imagesOf(deployment.id), [], 'no image is left behind');
  const began = jobs.some(({ type, status }) => type === 'DeployImageJob' && status === 'failure');
  assert.equal(instances.length, began ? 1 : 0);
  for (const { id, phase } of instances) {
    assert.equal(phase, 'failed');
    const log = await stage.call('GET', `/api/projects/${name}/deployments/${deployment.number}/logs/${id}`);
    assert.equal(log.status, 200, `the log of the failed instance can be read: ${JSON.stringify(log.body)}`);
  }
}

/** Deploys a good version, then a bad one, and checks what must hold for every bad one. */
async function deployBad(name: string, bad: Readonly<Record<string, string>>) {
  const repository = await stage.project(name, answering('good'), patient);
  assert.equal((await stage.deploy(name)).deployment.state, 'completed');
  await repository.commit(bad);
  const detail = await stage.deploy(name);
  const { deployment } = detail;
  assert.equal(deployment.state, 'failed');
  assert.equal((await stage.visit(`${name}.localhost`)).body, 'good', 'the old version still serves');
  checkJobs(detail);
  await checkLeftovers(name, detail);
  assert.ok(deployment.failure, 'the failure is on record');
  const { code, message } = deployment.failure;
  return { code, message, reason: deployment.reason ?? '', instances: detail.instances };
}

test('5.1 an app that exits at start is named with its exit code and its last 50 lines', async () => {
  const { code, message, instances } = await deployBad('exits', exitingAtStart(7));
  assert.equal(code, 'instance_exited');
  assert.match(message, /exited with code 7/);
  assert.match(message, /cannot open the database/);
  assert.match(message, /line 60/);
  assert.doesNotMatch(message, /^line 5$/m);
  const log = await stage.log('exits', 2, instances[0]?.id ?? '');
  assert.match(log, /^line 1\n[^]*^cannot open the database$/m, 'the whole log is kept');
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

test('a repository URL with credentials is refused, because it would be shown', async () => {
  const repository = stage.git.url.replace('://', '://user:token@');
  const answer = await stage.call<{ code: string }>('POST', '/api/projects', {
    name: 'leaking',
    repository: `${repository}/here.git`,
  });
  assert.equal(answer.body.code, 'repository_refused');
  assert.ok(!JSON.stringify(answer.body).includes('token@'));
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

test('5.3 blue-green with three replicas, one that dies at the gate: told once, and nothing is left', async () => {
  const repository = await stage.project('blue', answering('good'), { replicas: 3, strategy: 'blue-green' });
  assert.equal((await stage.deploy('blue')).deployment.state, 'completed');
  await repository.commit(slowToStart('bad'));
  const number = await stage.trigger('blue');
  const second = await stage.until('the second new instance', async () => {
    const all = await containers('blue');
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
  const detail = await stage.settle('blue', number);
  assert.deepEqual([detail.deployment.state, detail.deployment.failure?.code], ['failed', 'instance_exited']);
  checkJobs(detail);
  assert.ok(detail.instances.every(({ phase }) => phase === 'failed'));
  assert.equal((await containers('blue')).length, 3);
  const { router, containers: running } = await addresses(stage.platform);
  assert.deepEqual(router, running);
  const bodies = await Promise.all(Array.from({ length: 12 }, async () => (await stage.visit('blue.localhost')).body));
  assert.deepEqual(new Set(bodies), new Set(['good']));
  const events = (await stage.timeline('blue', number)).map(({ event }) => event);
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'gate.failed' ? [event.ordinal] : [])),
    [2],
  );
  const last = events.at(-1);
  assert.ok(last?.kind === 'state.changed' && last.to === 'failed', `nothing comes after the end: ${last?.kind}`);
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

const secret = 'correct-horse-battery';

/** Everything about a deployment that people read. */
async function everythingTold(project: string, number: number): Promise<string> {
  const detail = await stage.detail(project, number);
  const logs = [...detail.jobs.map(({ type }) => type), ...detail.instances.map(({ id }) => id)];
  const texts = await Promise.all(
    logs.map(async (log) =>
      JSON.stringify((await stage.call('GET', `/api/projects/${project}/deployments/${number}/logs/${log}`)).body),
    ),
  );
  return [JSON.stringify(detail), JSON.stringify(await stage.timeline(project, number)), ...texts].join('\n');
}

test('10 a secret in the answer with which the gate fails is masked wherever the failure is told', async () => {
  await stage.project('confessing', answering500With('process.env.KEY'), patient);
  await stage.must('PUT', '/api/projects/confessing/variables', {
    variables: [{ name: 'KEY', value: secret, secret: true }],
  });
  const { deployment } = await stage.deploy('confessing');
  assert.equal(deployment.failure?.code, 'gate_failed');
  assert.match(deployment.failure?.message ?? '', /last answer 500: "db says ••••••"/);
  assert.match(deployment.reason ?? '', /db says ••••••/);
  const told = await everythingTold('confessing', 1);
  assert.ok(!told.includes(secret), told);
  assert.equal(told.match(/gate failed by instance 1: [^]*?db says ••••••/g)?.length, 2, 'in the timeline and the log');
});

test('10 a secret in the output of a failing build step is masked wherever the failure is told', async () => {
  await stage.project('shouting', { Dockerfile: `FROM node:24-slim\nRUN echo password ${secret} && exit 4\n` });
  await stage.must('PUT', '/api/projects/shouting/variables', {
    variables: [{ name: 'KEY', value: secret, secret: true }],
  });
  const { deployment } = await stage.deploy('shouting');
  assert.equal(deployment.failure?.code, 'build_failed');
  assert.match(deployment.failure?.message ?? '', /^password ••••••$/m);
  const told = await everythingTold('shouting', 1);
  assert.ok(!told.includes(secret), told);
});
