import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import type { WireEnvironment, WireSettingsChange } from '../../src/contract/schemas/environment.ts';
import { answering, slowBuild, streaming } from './apps.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { containersOf } from './world.ts';

/** Going back because somebody says so, and taking an artifact along (rule 5.7), on real parts. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

type Asked = WireDeployment & { readonly code?: string; readonly detail?: string };

function rollBack(project: string, body: object = {}, key?: string) {
  const path = `/api/projects/${project}/environments/production/rollback`;
  return stage.call<Asked>('POST', path, body, key === undefined ? {} : { 'idempotency-key': key });
}

async function back(project: string, body: object = {}): Promise<WireDeployment> {
  const { status, body: answer } = await rollBack(project, body);
  assert.equal(status, 202, JSON.stringify(answer));
  return (await stage.settle(project, answer.number)).deployment;
}

async function refused(project: string, body: object, code: string, why: RegExp): Promise<void> {
  const { status, body: answer } = await rollBack(project, body);
  assert.deepEqual([answer.code, status >= 400 && status < 500], [code, true], JSON.stringify(answer));
  assert.match(answer.detail ?? '', why);
}

const environment = (project: string) =>
  stage.must<WireEnvironment>('GET', `/api/projects/${project}/environments/production`);
const body = async (project: string, path = '/') => (await stage.visit(`${project}.localhost`, path)).body;
const variables = async (project: string) => JSON.parse(await body(project, '/env')) as Record<string, string>;

/** One, two, three … as deployments #1, #2, #3 … */
async function versions(project: string, names: readonly string[], observationMs: number): Promise<void> {
  const repository = await stage.project(project, answering(names[0] ?? ''), { observationMs });
  for (const name of names) {
    await repository.commit(answering(name));
    assert.equal((await stage.deploy(project)).deployment.state, 'completed');
  }
}

test('5.7 back to the version on standby is a route change: nothing is started, and no request fails', async () => {
  await versions('warm', ['one', 'two'], 600_000);
  const containers = (await containersOf(stage.platform, 'warm')).map(({ Id }) => Id);
  await using visitors = startVisitors(stage, 'warm.localhost', 100);
  await stage.until('some visits', async () => (visitors.visits.length > 50 ? true : null));
  const decidedAt = performance.now();
  const deployment = await back('warm');
  const visits = await visitors.stop();
  assert.deepEqual([deployment.kind, deployment.state, deployment.origin?.number], ['rollback', 'completed', 1]);
  assert.deepEqual(
    visits.filter(({ status }) => status !== 200),
    [],
  );
  const lastBad = visits.findLast((visit) => visit.body === 'two');
  const tookMs = (lastBad?.at ?? decidedAt) - decidedAt;
  console.log(`the last request on the bad version came ${Math.round(tookMs)} ms after the request to roll back`);
  assert.ok(tookMs < 1_000, `${tookMs} ms`);
  assert.equal(await body('warm'), 'one');
  const left = await stage.until('the bad version to be stopped', async () => {
    const now = await containersOf(stage.platform, 'warm');
    return now.length === 1 ? now : null;
  });
  assert.ok(containers.includes(left[0]?.Id ?? ''), 'the instance that was on standby serves');
  const { deployment: bad } = await stage.detail('warm', 2);
  assert.deepEqual([bad.state, bad.reason], ['stopped', 'rolled back to #1 by #3']);
  const { deployment: first } = await stage.detail('warm', 1);
  assert.deepEqual([first.state, first.reason], ['stopped', 'taken over by #3']);
  const { deployment: now, instances } = await stage.detail('warm', 3);
  assert.deepEqual([now.requests?.failed, instances.map(({ phase }) => phase)], [0, ['serving']]);
});

test('5.7 from the decision to the last request on the bad version it takes less than a second, time after time', async () => {
  const took: number[] = [];
  for (let time = 0; time < 5; time += 1) {
    await stage.deploy('warm');
    assert.equal(await body('warm'), 'two');
    await using visitors = startVisitors(stage, 'warm.localhost', 100);
    await stage.until('some visits', async () => (visitors.visits.length > 20 ? true : null));
    const decidedAt = performance.now();
    await back('warm');
    const visits = await visitors.stop();
    assert.deepEqual(
      visits.filter(({ status }) => status !== 200),
      [],
    );
    took.push(Math.round((visits.findLast((visit) => visit.body === 'two')?.at ?? decidedAt) - decidedAt));
    assert.equal(await body('warm'), 'one');
  }
  console.log(`ms from the decision to the last request on the bad version: ${took.join(', ')}`);
  assert.ok(Math.max(...took) < 1_000, took.join(', '));
});

test('5.7 a rollback holds auto-deploy, says so, and somebody ends that', async () => {
  assert.match((await environment('warm')).autoDeployHeld ?? '', /^rolled back to #\d+ by admin$/);
  await stage.must('POST', '/api/projects/warm/environments/production/resume-auto-deploy');
  assert.equal((await environment('warm')).autoDeployHeld, null);
});

test('5.7 back to an older one starts it and gates it, with the variables of then or those of today, and the next default passes over what was gone back from', async () => {
  const set = (value: string) =>
    stage.must('PUT', '/api/projects/old/variables', { variables: [{ name: 'GREETING', value, secret: true }] });
  const repository = await stage.project('old', answering('v1'));
  await set('of then');
  for (const name of ['v1', 'v2', 'v3', 'v4']) {
    await repository.commit(answering(name));
    await stage.deploy('old');
  }
  await set('of today');
  assert.equal((await back('old', { to: 2 })).state, 'completed');
  assert.equal(await body('old'), 'v2');
  const { GREETING, CUTOVER_DEPLOYMENT } = await variables('old');
  assert.deepEqual([GREETING, CUTOVER_DEPLOYMENT], ['of then', '5']);
  const next = await back('old');
  assert.deepEqual([next.origin?.number, await body('old')], [1, 'v1'], 'not #3, which was passed over');
  await refused('old', {}, 'rollback_target_missing', /no earlier deployment/);
  await back('old', { to: 4, currentEnv: true });
  assert.deepEqual([await body('old'), (await variables('old'))['GREETING']], ['v4', 'of today']);
});

test('5.7 refused: what serves, what never served, what does not exist, and what is gone', async () => {
  await versions('refused', ['one', 'two'], 0);
  await refused('refused', { to: 2 }, 'illegal_transition', /#2 is what serves/);
  await refused('refused', { to: 9 }, 'not_found', /no deployment #9/);
  await stage.settings('refused', { health: { path: '/crash', startPeriodMs: 500 } });
  assert.equal((await stage.deploy('refused')).deployment.state, 'failed');
  await refused('refused', { to: 3 }, 'rollback_never_served', /#3 was never completed: it is failed/);
  const { deployment } = await stage.detail('refused', 1);
  assert.ok(deployment.artifact?.type === 'image');
  await new Docker().getImage(deployment.artifact.imageId).remove({ force: true });
  await refused('refused', {}, 'artifact_gone', /artifact of #1 is not on this machine any more/);
  assert.equal((await environment('refused')).autoDeployHeld, null, 'what is refused holds nothing');
  assert.equal(await body('refused'), 'two');
});

test('5.7 the same key with the same request gives the same deployment, with another one it is refused', async () => {
  const first = await rollBack('old', { to: 3 }, 'key-1');
  const again = await rollBack('old', { to: 3 }, 'key-1');
  assert.equal(again.body.number, first.body.number);
  const other = await rollBack('old', { to: 3, force: true }, 'key-1');
  assert.equal(other.body.code, 'idempotency_mismatch');
  assert.equal((await stage.settle('old', first.body.number)).deployment.state, 'completed');
  const muchLater = await rollBack('old', { to: 3 }, 'key-1');
  assert.equal(muchLater.body.number, first.body.number, 'though #3 is what serves now');
});

test('5.7 a rollback while something is built cancels that; of two at once the later one counts', async () => {
  const repository = await stage.project('race', answering('one'), { observationMs: 600_000 });
  for (const name of ['one', 'two', 'three']) {
    await repository.commit(answering(name));
    await stage.deploy('race');
  }
  await repository.commit(slowBuild({ lines: 1, secondsApart: 60 }));
  const building = await stage.trigger('race');
  await stage.until('the build', async () =>
    (await stage.log('race', building, 'BuildImageJob')).includes('sleep 60') ? true : null,
  );
  const deployment = await back('race');
  assert.deepEqual([deployment.state, deployment.origin?.number], ['completed', 2]);
  const { deployment: built } = await stage.untilState('race', building, ['cancelled']);
  assert.equal(built.reason, `superseded by rollback #${deployment.number}`);
  assert.equal(await body('race'), 'two');
  const both = await Promise.all([rollBack('race', { to: 1 }), rollBack('race', { to: 1 })]);
  const numbers = both.map((answer) => answer.body.number).toSorted((a, b) => a - b);
  const ends = await Promise.all(numbers.map(async (number) => (await stage.settle('race', number)).deployment.state));
  assert.ok(['cancelled', 'stopped', 'completed'].includes(ends[0] ?? ''), ends.join());
  assert.equal(ends[1], 'completed');
  assert.equal(await body('race'), 'one');
  await stage.until('only what serves and its standby to run', async () =>
    (await containersOf(stage.platform, 'race')).length <= 2 ? true : null,
  );
});

/** Asks for a rollback while #2 is rolled out: that one is taken back, and no visitor notices. */
async function takenBack(project: string, settings: WireSettingsChange, until: (number: number) => Promise<unknown>) {
  const repository = await stage.project(project, streaming('one'), { drainTimeoutMs: 60_000, ...settings });
  await stage.deploy(project);
  await repository.commit(streaming('two'));
  const open = await stage.openStream(`${project}.localhost`, '/events');
  await using visitors = startVisitors(stage, `${project}.localhost`, 40);
  const number = await stage.trigger(project);
  await until(number);
  const waiting = await stage.trigger(project);
  const { status, body: answer } = await rollBack(project);
  const askedAt = performance.now();
  assert.deepEqual([status, answer.number], [202, number], JSON.stringify(answer));
  const { deployment } = await stage.untilState(project, number, ['failed']);
  const tookMs = performance.now() - askedAt;
  console.log(`${project}: taken back ${Math.round(tookMs)} ms after it was asked for`);
  assert.ok(tookMs < 15_000, 'it does not wait for the drain');
  assert.equal(deployment.reason, 'rolled back to #1 by admin');
  assert.equal((await stage.detail(project, waiting)).deployment.state, 'cancelled');
  assert.match((await environment(project)).autoDeployHeld ?? '', /^rolled back to #1 by admin$/);
  const decided = (await stage.timeline(project, number)).map(({ event }) => event);
  assert.deepEqual(
    decided.filter(({ kind }) => kind === 'rollback.decided'),
    [{ kind: 'rollback.decided', to: 1, reason: 'asked for by admin' }],
  );
  assert.equal(await body(project), 'one');
  const visits = await visitors.stop();
  assert.deepEqual(
    visits.filter((visit) => visit.status !== 200),
    [],
  );
  assert.deepEqual(
    new Set(visits.filter(({ at }) => at > askedAt + 2_000).map((visit) => visit.body)).has('two'),
    false,
  );
  assert.equal(await Promise.race([open.closedAt.then(() => 'closed'), Promise.resolve('open')]), 'open');
  assert.equal((await containersOf(stage.platform, project)).length, 1);
  const { deployment: first } = await stage.detail(project, 1);
  assert.equal(first.state, 'completed');
  await refused(project, { to: 1 }, 'illegal_transition', /#1 is what serves/);
}

test('5.7 a rollback while instances start takes the rollout back at once', () =>
  takenBack('starting', { health: { path: '/', startPeriodMs: 60_000, healthyThreshold: 60 } }, (number) =>
    stage.untilState('starting', number, ['deploying']),
  ));

test('5.7 a rollback while a canary has its share takes it back at once', () =>
  takenBack('share', { strategy: 'canary', canarySteps: [20], observationMs: 600_000 }, (number) =>
    stage.untilState('share', number, ['ready']),
  ));

test('5.7 a rollback while the old version is drained gives it the traffic again at once', () =>
  takenBack('draining', { observationMs: 600_000 }, (number) => stage.untilState('draining', number, ['ready'])));

test('5.7 a rollback to a still older version takes the rollout back at once too, and then goes there', async () => {
  const repository = await stage.project('older', answering('one'));
  await stage.deploy('older');
  await repository.commit(answering('two'));
  await stage.deploy('older');
  await stage.settings('older', { health: { path: '/', startPeriodMs: 60_000, healthyThreshold: 60 } });
  await repository.commit(answering('three'));
  await using visitors = startVisitors(stage, 'older.localhost', 40);
  const number = await stage.trigger('older');
  await stage.untilState('older', number, ['deploying']);
  await refused('older', { to: number }, 'rollback_never_served', /#3 was never completed: it is deploying/);
  const { status, body: asked } = await rollBack('older', { to: 1 }, 'older-1');
  assert.equal(status, 202, JSON.stringify(asked));
  const { deployment } = await stage.settle('older', asked.number);
  assert.deepEqual([deployment.kind, deployment.state, deployment.origin?.number], ['rollback', 'completed', 1]);
  const { deployment: rollout } = await stage.detail('older', number);
  assert.deepEqual([rollout.state, rollout.reason], ['failed', 'rolled back to #2 by admin']);
  assert.equal(await body('older'), 'one');
  const visits = await visitors.stop();
  assert.deepEqual(
    visits.filter((visit) => visit.status !== 200),
    [],
  );
  assert.equal((await rollBack('older', { to: 1 }, 'older-1')).body.number, asked.number);
});

test('5.7 where the old version is not kept, a rollback while it is drained waits until the new one is complete', async () => {
  const repository = await stage.project('unkept', streaming('one'), { observationMs: 0, drainTimeoutMs: 3_000 });
  await stage.deploy('unkept');
  await repository.commit(streaming('two'));
  await stage.openStream('unkept.localhost', '/events');
  const number = await stage.trigger('unkept');
  await stage.untilState('unkept', number, ['ready']);
  const deployment = await back('unkept');
  assert.deepEqual([deployment.number, deployment.state, deployment.origin?.number], [number + 1, 'completed', 1]);
  assert.equal(await body('unkept'), 'one');
});

test('2.3 promote takes the artifact along, with the settings and variables of the environment it goes to and what the repository says of itself', async () => {
  const repository = await stage.project('staged', {
    ...answering('one'),
    'cutover.yaml': 'resources:\n  memory: 300MB\n',
  });
  await stage.must('POST', '/api/projects/staged/environments', {
    name: 'staging',
    settings: { observationMs: 0, replicas: 1 },
  });
  await stage.settings('staged', { replicas: 2 });
  await stage.must('PUT', '/api/projects/staged/environments/production/variables', {
    variables: [{ name: 'WHERE', value: 'production', secret: false }],
  });
  await repository.commit({ ...answering('two'), 'cutover.yaml': 'resources:\n  memory: 300MB\n' });
  const tested = await stage.deploy('staged', { environment: 'staging' });
  assert.equal(tested.deployment.state, 'completed', tested.deployment.reason ?? '');
  const path = '/api/projects/staged/environments/production/promote';
  const { status, body: asked } = await stage.call<Asked>('POST', path, { from: 'staging' });
  assert.equal(status, 202, JSON.stringify(asked));
  const { deployment, configuration, instances } = await stage.settle('staged', asked.number);
  assert.deepEqual([deployment.kind, deployment.state], ['promote', 'completed'], deployment.reason ?? '');
  assert.deepEqual(deployment.artifact, tested.deployment.artifact);
  assert.deepEqual([configuration.settings.replicas, instances.length], [2, 2]);
  assert.equal(configuration.settings.memoryMb, tested.configuration.settings.memoryMb);
  assert.notEqual(configuration.settings.memoryMb, 512);
  assert.equal(await body('staged'), 'two');
  assert.equal((await variables('staged'))['WHERE'], 'production');
  assert.equal((await environment('staged')).autoDeployHeld, null);
});
