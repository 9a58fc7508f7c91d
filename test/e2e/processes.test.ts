import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import { manyProcesses } from './apps.ts';
import { Stage } from './stage.ts';

/** Kinds of workers next to `web` (rules 4.1, 5.1, 5.3 and 5.4), on real parts. */
let stage: Stage;
const docker = new Docker();
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const yaml = (stayUp: string) => `processes:
  worker:
    command: [node, worker.js]
    stayUp: ${stayUp}
`;

/** Instances that have a container, as `process ordinal phase`. */
async function instances(project: string, number: number): Promise<string[]> {
  const detail = await stage.detail(project, number);
  return detail.instances
    .filter(({ phase }) => phase !== 'stopped' && phase !== 'failed')
    .map(({ process, ordinal, phase }) => `${process} ${ordinal} ${phase}`);
}

async function instanceOf(project: string, number: number, process: string) {
  const { instances: all } = await stage.detail(project, number);
  const found = all.find((one) => one.process === process);
  assert.ok(found !== undefined, `#${number} has a ${process}`);
  return found;
}

async function containersOf(instanceId: string) {
  return docker.listContainers({ all: true, filters: { label: [`cutover.instance=${instanceId}`] } });
}

async function containerOf(instanceId: string) {
  const [found] = await containersOf(instanceId);
  return found === undefined ? null : docker.getContainer(found.Id).inspect();
}

test('4.3 workers and their replicas come from cutover.yaml and the Procfile; none of them gets traffic', async () => {
  const files = manyProcesses('one', {
    Procfile: 'web: node server.js\nworker: node worker.js\n',
    'cutover.yaml': `processes:
  worker:
    replicas: 2
    check: { command: [test, -f, /tmp/up], interval: 500ms }
  mailer:
    command: node worker.js
    stayUp: 700ms
`,
  });
  await stage.project('kinds', files);
  const { deployment } = await stage.deploy('kinds');
  assert.equal(deployment.state, 'completed', deployment.reason ?? '');
  assert.deepEqual((await instances('kinds', 1)).toSorted(), [
    'mailer 1 serving',
    'web 1 serving',
    'worker 1 serving',
    'worker 2 serving',
  ]);
  const passed = (await stage.timeline('kinds', 1)).flatMap(({ event }) =>
    event.kind === 'gate.passed' ? [event] : [],
  );
  assert.deepEqual(new Set(passed.map(({ process }) => process)), new Set(['mailer', 'web', 'worker']));
  assert.ok((passed.find(({ process }) => process === 'mailer')?.sinceStartMs ?? 0) >= 700, 'it stayed up for so long');
  const bodies = await Promise.all(Array.from({ length: 20 }, async () => (await stage.visit('kinds.localhost')).body));
  assert.deepEqual(new Set(bodies), new Set(['one']));
  for (const { id } of (await stage.detail('kinds', 1)).instances) {
    assert.equal((await containerOf(id))?.HostConfig.RestartPolicy?.Name, 'unless-stopped');
  }
});

test('5.3 a worker that exits fails the whole deployment, and the old version works on as before', async () => {
  const repository = await stage.project('whole', manyProcesses('one', { 'cutover.yaml': yaml('300ms') }));
  await stage.deploy('whole');
  await repository.commit(
    manyProcesses('two', {
      'cutover.yaml': yaml('20s'),
      'worker.js': "setTimeout(() => { console.log('no queue to work on'); process.exit(5); }, 1000);\n",
    }),
  );
  const { deployment } = await stage.deploy('whole');
  assert.equal(deployment.state, 'failed');
  assert.match(deployment.failure?.message ?? '', /"worker" exited with code 5/);
  assert.match(deployment.failure?.message ?? '', /no queue to work on/);
  assert.deepEqual(await instances('whole', 2), []);
  assert.deepEqual((await instances('whole', 1)).toSorted(), ['web 1 serving', 'worker 1 serving']);
  assert.equal((await stage.visit('whole.localhost')).body, 'one');
  const old = await instanceOf('whole', 1, 'worker');
  assert.equal((await containerOf(old.id))?.State.Running, true);
});

test('5.1 a worker whose check never passes fails the deployment, with what the check said', async () => {
  const files = manyProcesses('one', {
    'cutover.yaml': `processes:
  worker:
    command: node worker.js
    check: { command: [sh, -c, echo queue unreachable; exit 3], interval: 200ms, startPeriod: 0s }
`,
  });
  await stage.project('unchecked', files);
  const { deployment } = await stage.deploy('unchecked');
  assert.equal(deployment.state, 'failed');
  assert.match(deployment.failure?.message ?? '', /the check exited with 3: "queue unreachable"/);
  assert.doesNotMatch(deployment.failure?.message ?? '', /no port is open/, 'nobody talks to a worker');
});

test('5.4 a worker in the middle of a job of 3 s finishes it while the new ones work already', async () => {
  const repository = await stage.project(
    'jobs',
    manyProcesses('one', { 'cutover.yaml': yaml('300ms') }, { jobMs: 3_000 }),
    {
      drainTimeoutMs: 10_000,
      stopGraceMs: 1_000,
    },
  );
  await stage.deploy('jobs');
  const old = await instanceOf('jobs', 1, 'worker');
  await repository.commit(manyProcesses('two', { 'cutover.yaml': yaml('300ms') }));
  const number = await stage.trigger('jobs');
  const log = () => stage.log('jobs', 1, old.id);
  await stage.until('SIGTERM', async () => ((await log()).includes('is told to end') ? true : null));
  const fresh = await instanceOf('jobs', number, 'worker');
  assert.equal((await containerOf(fresh.id))?.State.Running, true);
  assert.equal((await containerOf(old.id))?.State.Running, true);
  assert.equal((await stage.visit('jobs.localhost')).body, 'two', 'traffic does not wait for jobs');
  const { deployment } = await stage.settle('jobs', number);
  assert.equal(deployment.state, 'completed');
  assert.match(await log(), /one has finished its job/);
  assert.deepEqual(await containersOf(old.id), []);
});

test('4.1 a worker that dies is started again, and one whose container is removed is made again', async () => {
  await stage.project('steady', manyProcesses('one', { 'cutover.yaml': yaml('300ms') }));
  await stage.deploy('steady');
  const worker = await instanceOf('steady', 1, 'worker');
  const first = await containerOf(worker.id);
  process.kill(first?.State.Pid ?? 0, 'SIGUSR2');
  await stage.until('the restart', async () => {
    const now = await containerOf(worker.id);
    return now?.State.Running === true && now.State.StartedAt !== first?.State.StartedAt ? true : null;
  });
  await stage.until('the crash to be told', async () => {
    const timeline = await stage.timeline('steady', 1);
    const told = timeline.some(({ event }) => event.kind === 'instance.crashed' && event.process === 'worker');
    return told ? true : null;
  });
  await docker.getContainer(first?.Id ?? '').remove({ force: true });
  await stage.until('a new container', async () => {
    const now = await containerOf(worker.id);
    return now?.State.Running === true && now.Id !== first?.Id ? true : null;
  });
  assert.equal((await stage.detail('steady', 1)).deployment.state, 'completed');
});

test('5.2 and 5.4 under recreate the job of a worker is finished before visitors are made to wait', async () => {
  const one = manyProcesses('one', { 'cutover.yaml': `${yaml('10m')}strategy: recreate\n` }, { jobMs: 2_000 });
  const repository = await stage.project(
    'alone',
    manyProcesses('zero', { 'cutover.yaml': `${yaml('300ms')}strategy: recreate\n` }, { jobMs: 2_000 }),
    {
      holdTimeoutMs: 9_000,
    },
  );
  await stage.deploy('alone');
  await repository.commit(one);
  const { deployment } = await stage.deploy('alone');
  assert.equal(deployment.state, 'completed', deployment.reason ?? '');
  const heldMs = deployment.measurements.heldMs ?? 0;
  assert.ok(heldMs > 0 && heldMs < 6_000, `${heldMs} ms`);
  assert.match(await stage.log('alone', 1, (await instanceOf('alone', 1, 'worker')).id), /has finished its job/);
  assert.deepEqual((await instances('alone', 2)).toSorted(), ['web 1 serving', 'worker 1 serving']);
});
