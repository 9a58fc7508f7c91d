import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentSchema } from '../../src/contract/schemas/environment.ts';
import { problemSchema } from '../../src/contract/problem.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

const path = '/api/projects/my-app/environments/production';

test('rule 4.1: rollout, processes and volumes are settings; what a process leaves out has the default', async () => {
  await using api = await ApiUnderTest.start();
  const settings = {
    strategy: 'canary',
    canarySteps: [5, 50],
    observationMs: 0,
    standby: 'one',
    rollback: { slow: 'roll-back' },
    holdTimeoutMs: 5_000,
    oneOffTimeoutMs: 60_000,
    processes: [
      { name: 'worker', command: ['node', 'worker.js'], replicas: 2, check: { command: ['true'] } },
      { name: 'release', command: ['./migrate'] },
    ],
    volumes: [{ name: 'data', path: '/data' }],
  };
  const answer = await api.request('PATCH', path, { body: { settings } });
  const shown = environmentSchema.parse(await answer.json()).settings;
  assert.deepEqual(shown.canarySteps, [5, 50]);
  assert.deepEqual(shown.rollback, { automatic: true, slow: 'roll-back' });
  assert.deepEqual([shown.observationMs, shown.standby, shown.holdTimeoutMs], [0, 'one', 5_000]);
  const [worker, release] = shown.processes;
  assert.deepEqual([worker?.replicas, worker?.memoryMb, worker?.check?.intervalMs], [2, 512, 5_000]);
  assert.deepEqual([release?.replicas, release?.check], [1, null]);
  assert.deepEqual(shown.volumes, [{ name: 'data', path: '/data', access: 'shared', readOnly: false }]);
  const emptied = await api.request('PATCH', path, { body: { settings: { processes: [], volumes: [] } } });
  const { processes, volumes } = environmentSchema.parse(await emptied.json()).settings;
  assert.deepEqual([processes, volumes], [[], []]);
});

test('rule 4.1: what is wrong with a setting is refused by its name', async () => {
  await using api = await ApiUnderTest.start();
  const bad = [
    [{ canarySteps: [30, 10] }, /canarySteps/],
    [{ standby: 'some' }, /settings\.standby/],
    [{ rollback: { slow: 'never' } }, /settings\.rollback\.slow/],
    [{ rollback: { automatc: true } }, /did you mean "automatic"/],
    [{ processes: [{ name: 'worker', comand: ['x'] }] }, /did you mean "command"/],
    [{ processes: [{ name: 'worker', command: 'node worker.js' }] }, /processes\.0\.command/],
    [{ processes: [{ name: 'release' }] }, /processes\.release\.command is missing/],
    [{ volumes: [{ name: 'data', path: '/' }] }, /volumes\.data\.path/],
  ] as const;
  for (const [settings, message] of bad) {
    const answer = await api.request('PATCH', path, { body: { settings } });
    const problem = problemSchema.parse(await answer.json());
    assert.equal(problem.code, 'invalid_input');
    assert.match(problem.detail, message);
  }
});
