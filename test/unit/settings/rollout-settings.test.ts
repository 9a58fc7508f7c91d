import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultEnvironmentSettings, type EnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { defaultExecCheck, type ProcessSettings } from '../../../src/domain/processes.ts';
import { environmentSettingsProblem } from '../../../src/domain/settings-rules.ts';
import type { VolumeSettings } from '../../../src/domain/volumes.ts';

function problem(change: object): string | null {
  const settings: EnvironmentSettings = { ...defaultEnvironmentSettings, ...change };
  return environmentSettingsProblem(settings)?.field ?? null;
}

const dayMs = 86_400_000;

for (const [field, least, most] of [
  ['observationMs', 0, dayMs],
  ['holdTimeoutMs', 0, 30_000],
  ['oneOffTimeoutMs', 1_000, dayMs],
] as const) {
  test(`${field} is a whole number from ${least} to ${most} (rules 5.2, 5.4 and 5.8)`, () => {
    for (const value of [least, most]) assert.equal(problem({ [field]: value }), null);
    for (const value of [least - 1, most + 1, least + 0.5, '1', null]) assert.equal(problem({ [field]: value }), field);
  });
}

test('canary steps are 1 to 10 whole numbers from 1 to 99, rising (rule 5.2)', () => {
  for (const steps of [[1], [99], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]) assert.equal(problem({ canarySteps: steps }), null);
  const eleven = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  for (const steps of [[], [0], [100], [10, 10], [30, 10], [1.5], ['10'], eleven, 10, null]) {
    assert.equal(problem({ canarySteps: steps }), 'canarySteps', JSON.stringify(steps));
  }
});

test('standby and what a slow version gets are one of their words, and automatic is true or false (rule 5.6)', () => {
  for (const standby of ['all', 'one', 'none']) assert.equal(problem({ standby }), null);
  assert.equal(problem({ standby: 'two' }), 'standby');
  for (const strategy of ['rolling', 'blue-green', 'canary', 'recreate']) assert.equal(problem({ strategy }), null);
  for (const slow of ['hold', 'roll-back']) assert.equal(problem({ rollback: { automatic: false, slow } }), null);
  assert.equal(problem({ rollback: { automatic: true, slow: 'off' } }), 'rollback.slow');
  assert.equal(problem({ rollback: { automatic: 1, slow: 'hold' } }), 'rollback.automatic');
  assert.equal(problem({ rollback: { automatic: true } }), 'rollback.slow');
  assert.equal(problem({ rollback: null }), 'rollback');
});

const worker: ProcessSettings = {
  name: 'worker',
  command: ['node', 'worker.js'],
  replicas: 2,
  cpuCores: 0.5,
  memoryMb: 256,
  check: { ...defaultExecCheck, command: ['true'] },
  stayUpMs: 0,
};
const release: ProcessSettings = { ...worker, name: 'release', replicas: 1, check: null };

test('web, any number of workers, and release and contract once each with a command are fine (rules 4.1 and 5.8)', () => {
  const web = { ...worker, name: 'web', check: null };
  assert.equal(problem({ processes: [web, worker, { ...worker, name: 'mailer_2' }, release] }), null);
  assert.equal(problem({ processes: [{ ...worker, command: null }] }), null);
});

for (const [change, field] of [
  [[worker, worker], 'processes.worker'],
  [[release, release], 'processes.release'],
  [[{ ...worker, name: 'Worker' }], 'processes'],
  [[{ ...release, command: null }], 'processes.release.command'],
  [[{ ...release, name: 'contract', replicas: 2 }], 'processes.contract.replicas'],
  [[{ ...worker, command: [] }], 'processes.worker.command'],
  [[{ ...worker, replicas: 0 }], 'processes.worker.replicas'],
  [[{ ...worker, cpuCores: 0 }], 'processes.worker.cpuCores'],
  [[{ ...worker, memoryMb: 1.5 }], 'processes.worker.memoryMb'],
  [[{ ...worker, stayUpMs: -1 }], 'processes.worker.stayUpMs'],
  [[{ ...worker, check: { ...defaultExecCheck, command: [] } }], 'processes.worker.check.command'],
  [[{ ...worker, check: { ...defaultExecCheck, command: ['x'], intervalMs: 0 } }], 'processes.worker.check.intervalMs'],
  [{ worker }, 'processes'],
] as const) {
  test(`processes ${JSON.stringify(change).slice(0, 90)} are refused by ${field} (rule 4.1)`, () => {
    assert.equal(problem({ processes: change }), field);
  });
}

const data: VolumeSettings = { name: 'data', path: '/data', access: 'exclusive', readOnly: false };

test('volumes with names and paths of their own are fine (rule 4.1)', () => {
  const uploads = { name: 'uploads', path: '/app/public/uploads', access: 'shared', readOnly: true };
  assert.equal(problem({ volumes: [data, uploads] }), null);
});

for (const [volumes, field] of [
  [[data, { ...data, path: '/other' }], 'volumes.data'],
  [[data, { ...data, name: 'more' }], 'volumes.more.path'],
  [[{ ...data, name: 'Data' }], 'volumes'],
  [[{ ...data, path: '/' }], 'volumes.data.path'],
  [[{ ...data, path: 'data' }], 'volumes.data.path'],
  [[{ ...data, path: '/data/' }], 'volumes.data.path'],
  [[{ ...data, path: '/data/../etc' }], 'volumes.data.path'],
  [[{ ...data, path: '/a//b' }], 'volumes.data.path'],
  ['data:/data', 'volumes'],
] as const) {
  test(`volumes ${JSON.stringify(volumes)} are refused by ${field} (rule 4.1)`, () => {
    assert.equal(problem({ volumes }), field);
  });
}
