import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deploymentDetailSchema, deploymentSchema } from '../../src/contract/schemas/deployment.ts';
import { environmentSchema } from '../../src/contract/schemas/environment.ts';
import { problemSchema } from '../../src/contract/problem.ts';
import { rolloutPlanSchema, rolloutStatusSchema } from '../../src/contract/schemas/rollout.ts';
import { timelineSchema } from '../../src/contract/schemas/timeline.ts';
import type { TimelineEntry } from '../../src/domain/timeline.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';
import { canary, instance, observation } from './in-memory/rollout-status.ts';

const environment = '/api/projects/my-app/environments/production';

/** With two deployments, of which the second serves. */
async function withTwo(): Promise<ApiUnderTest> {
  const api = await ApiUnderTest.start();
  api.platform.play = (held) => api.platform.succeed(held);
  await api.deploy();
  await api.deploy();
  api.platform.play = () => undefined;
  return api;
}

async function codeOf(answer: Response): Promise<string> {
  return problemSchema.parse(await answer.json()).code;
}

const changing = [
  ['POST', `${environment}/rollback`, {}],
  ['POST', `${environment}/promote`, { from: 'staging' }],
  ['POST', '/api/projects/my-app/deployments/2/pause', undefined],
  ['POST', '/api/projects/my-app/deployments/2/resume', undefined],
  ['POST', `${environment}/resume-auto-deploy`, undefined],
] as const;

test('rule 9.4: a viewer may see plan and rollout, and may not roll back, promote, pause, resume or let auto-deploy go on', async () => {
  await using api = await withTwo();
  api.platform.rollout.append(canary(api.held(2), api.held(1)));
  const token = api.platform.token('viewer', 'viewer', 'my-app');
  for (const [method, path, body] of changing) {
    assert.equal(await codeOf(await api.request(method, path, { token, body })), 'forbidden', path);
  }
  for (const path of [`${environment}/plan`, `${environment}/rollout`]) {
    assert.equal((await api.request('GET', path, { token })).status, 200, path);
  }
  assert.equal(api.held(2).deployment.state, 'completed');
  assert.deepEqual(api.platform.rollbacks, []);
});

test('rule 9.4: a developer of another project is told that there is none', async () => {
  await using api = await withTwo();
  const token = api.platform.token('elsewhere', 'developer', 'other');
  for (const [method, path, body] of changing) {
    assert.equal(await codeOf(await api.request(method, path, { token, body })), 'not_found', path);
  }
  for (const accept of ['application/json', 'text/event-stream']) {
    const answer = await api.request('GET', `${environment}/rollout`, { token, headers: { accept } });
    assert.equal(await codeOf(answer), 'not_found');
  }
});

test('rule 5.7: a rollback answers 202 with a deployment that says what it goes back to, and is replayed under the same key', async () => {
  await using api = await withTwo();
  const headers = { 'idempotency-key': 'friday' };
  const first = await api.request('POST', `${environment}/rollback`, { headers, body: { currentEnv: true } });
  assert.equal(first.status, 202);
  assert.equal(first.headers.get('location'), '/api/projects/my-app/deployments/3');
  const deployment = deploymentSchema.parse(await first.json());
  assert.equal(deployment.kind, 'rollback');
  assert.ok(deployment.origin?.kind === 'rollback');
  assert.deepEqual([deployment.origin.number, deployment.origin.from?.number], [1, 2]);
  const again = await api.request('POST', `${environment}/rollback`, { headers, body: { currentEnv: true } });
  assert.equal(again.status, 200);
  const other = await api.request('POST', `${environment}/rollback`, { headers, body: { to: 1 } });
  assert.equal(await codeOf(other), 'idempotency_mismatch');
  assert.deepEqual(api.platform.rollbacks, [{ environment: 'production', currentEnv: true }]);
});

test('rule 5.7: a manual rollback holds auto-deploy, and resume-auto-deploy ends that', async () => {
  await using api = await withTwo();
  await api.request('POST', `${environment}/rollback`, { body: {} });
  const held = environmentSchema.parse(await (await api.request('GET', environment)).json());
  assert.match(held.autoDeployHeld ?? '', /rolled back to #1/);
  const resumed = await api.request('POST', `${environment}/resume-auto-deploy`);
  assert.equal(environmentSchema.parse(await resumed.json()).autoDeployHeld, null);
});

test('rule 5.7: without anything to go back to a rollback is a conflict, and a body that is not understood is refused', async () => {
  await using api = await ApiUnderTest.start();
  const nothing = await api.request('POST', `${environment}/rollback`, { body: {} });
  assert.equal(nothing.status, 409);
  assert.equal(await codeOf(nothing), 'rollback_target_missing');
  for (const body of [{ to: 0 }, { to: 'x' }, { environment: 'staging' }]) {
    assert.equal(await codeOf(await api.request('POST', `${environment}/rollback`, { body })), 'invalid_input');
  }
});

test('a promotion deploys to the environment of the path what serves in the one that is named', async () => {
  await using api = await withTwo();
  await api.request('POST', '/api/projects/my-app/environments', { body: { name: 'staging' } });
  const staging = '/api/projects/my-app/environments/staging';
  const answer = await api.request('POST', `${staging}/promote`, { body: { from: 'production' } });
  assert.equal(answer.status, 202);
  const deployment = deploymentSchema.parse(await answer.json());
  assert.equal(deployment.environment, 'staging');
  assert.ok(deployment.origin?.kind === 'promote');
  assert.deepEqual([deployment.origin.number, deployment.origin.environment], [2, 'production']);
  const nothing = await api.request('POST', `${environment}/promote`, { body: { from: 'staging' } });
  assert.equal(await codeOf(nothing), 'not_found');
});

test('rule 2.2: what serves is paused and resumed; what is pending cannot be paused', async () => {
  await using api = await withTwo();
  const path = '/api/projects/my-app/deployments/2';
  const paused = deploymentSchema.parse(await (await api.request('POST', `${path}/pause`)).json());
  assert.deepEqual([paused.state, paused.pausedFrom], ['paused', 'completed']);
  const resumed = deploymentSchema.parse(await (await api.request('POST', `${path}/resume`)).json());
  assert.deepEqual([resumed.state, resumed.pausedFrom], ['completed', null]);
  assert.equal(await codeOf(await api.request('POST', `${path}/resume`)), 'illegal_transition');
  await api.deploy();
  const pending = await api.request('POST', '/api/projects/my-app/deployments/3/pause');
  assert.equal(await codeOf(pending), 'illegal_transition');
});

test('rule 5.2: the plan says that an exclusive volume means recreate', async () => {
  await using api = await withTwo();
  const settings = { volumes: [{ name: 'data', path: '/data', access: 'exclusive' }] };
  assert.equal((await api.request('PATCH', environment, { body: { settings } })).status, 200);
  const plan = rolloutPlanSchema.parse(await (await api.request('GET', `${environment}/plan`)).json());
  assert.equal(plan.strategy, 'recreate');
  assert.match(plan.explanation.join('\n'), /volume `data` is exclusive/);
});

test('the rollout is one document, or a stream of whole documents that does not end', async () => {
  await using api = await withTwo();
  api.platform.rollout.append(canary(api.held(2), api.held(1)));
  const one = rolloutStatusSchema.parse(await (await api.request('GET', `${environment}/rollout`)).json());
  assert.equal(one.fresh?.deployment.number, 2);
  assert.equal(one.old?.connections, 118);
  assert.equal(one.observation?.view?.fresh.bad, 2);
  const abort = new AbortController();
  const headers = { accept: 'text/event-stream' };
  const live = await api.request('GET', `${environment}/rollout`, { headers, signal: abort.signal });
  api.platform.rollout.append(canary(api.held(2), api.held(1), { mode: 'held' }));
  let text = '';
  for await (const chunk of (live.body ?? assert.fail('no body')).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('id: 2')) break;
  }
  const shown = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) =>
    rolloutStatusSchema.parse(JSON.parse(data ?? '')),
  );
  assert.deepEqual(
    shown.map(({ mode }) => mode),
    ['serve', 'held'],
  );
  abort.abort();
});

test('rule 2.6: a deployment is shown with measurements, observation, verdict and crashed instances', async () => {
  await using api = await withTwo();
  const held = api.held(2);
  const figures = { requests: 180, failed: 2, p50Ms: 11.5, p95Ms: 40, p99Ms: null };
  const resources = {
    readings: 2,
    memoryBytes: { average: 48_123_456.5, max: 51_000_000 },
    cpuCores: { average: 0.123, max: 1.5 },
    cpuOverMs: 9_000.25,
  };
  const durations = { gateMs: 812.5, drainMs: 30, heldMs: null };
  const measurements = { before: null, during: figures, after: null, ...durations, resources };
  held.deployment = { ...held.deployment, measurements, trigger: { kind: 'automatic', by: 'cutover', noCache: false } };
  held.instances = [instance({ crashedAt: '2026-01-02T03:04:05.000Z', restarts: 3 })];
  held.observation = observation(1_000, { closedAt: '2026-01-02T03:04:05.000Z', outcome: 'passed' });
  held.verdict = '0 of 180 requests failed';
  const answer = await api.request('GET', '/api/projects/my-app/deployments/2');
  const detail = deploymentDetailSchema.parse(await answer.json());
  assert.deepEqual(detail.deployment.measurements, measurements);
  assert.equal(detail.deployment.trigger.kind, 'automatic');
  assert.equal(detail.observation?.outcome, 'passed');
  assert.equal(detail.verdict, held.verdict);
  assert.equal(detail.instances[0]?.crashedAt, '2026-01-02T03:04:05.000Z');
});

/** One of every kind that came with rollouts; `satisfies` keeps them in step with the domain. */
const entries = [
  { kind: 'rollout.planned', strategy: 'canary', explanation: ['shares 10 %, 100 %'] },
  { kind: 'instance.starting', ordinal: 1, process: 'worker' },
  { kind: 'gate.passed', ordinal: 1, process: 'worker', attempts: 1, sinceStartMs: 3.5 },
  { kind: 'instance.crashed', ordinal: 1, process: 'web', exitCode: null, outOfMemory: true, restarts: 2 },
  { kind: 'instance.recovered', ordinal: 1, process: 'web', restarts: 2 },
  { kind: 'traffic.held' },
  { kind: 'traffic.released', heldMs: 3_012.25 },
  { kind: 'paused', by: 'owner' },
  { kind: 'resumed', by: 'owner' },
  { kind: 'standby', deployment: 1, instances: 2, untilMs: 900_000 },
  { kind: 'suspicion', message: '3 of 10 failed', share: 20 },
  { kind: 'cleared', message: 'both fail alike' },
  { kind: 'alert', message: 'slower' },
  { kind: 'rollback.decided', to: 1, reason: 'error rate' },
  { kind: 'observation.ended', outcome: 'rolled-back', message: 'taken back' },
] as const satisfies readonly TimelineEntry[];

test('rule 2.5: every kind of entry is in the contract, with a line for people', async () => {
  await using api = await withTwo();
  for (const entry of entries) api.platform.record(api.held(2), entry);
  const answer = await api.request('GET', '/api/projects/my-app/deployments/2/timeline');
  const timeline = timelineSchema.parse(await answer.json());
  const last = timeline.entries.slice(-entries.length);
  assert.deepEqual(
    last.map(({ event }) => event),
    entries,
  );
  assert.ok(last.every(({ text }) => text.length > 5 && !text.includes('undefined')));
});
