import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processesProblem, volumesProblem } from '../../../src/domain/process-rules.ts';
import {
  contractStep,
  defaultExecCheck,
  longRunningProcesses,
  releaseStep,
  workerProcesses,
  type ProcessSettings,
} from '../../../src/domain/processes.ts';
import { exclusiveVolumes, type VolumeSettings } from '../../../src/domain/volumes.ts';

function process(name: string, change: Partial<ProcessSettings> = {}): ProcessSettings {
  return { name, command: ['a'], replicas: 1, cpuCores: 1, memoryMb: 64, check: null, stayUpMs: 0, ...change };
}

function volume(change: Partial<VolumeSettings>): VolumeSettings {
  return { name: 'data', path: '/data', access: 'shared', readOnly: false, ...change };
}

test('rule 5.8: web and the workers stay up, release and contract run once', () => {
  const all = ['worker', 'release', 'beat', 'contract', 'web'].map((name) => process(name));
  assert.deepEqual(
    longRunningProcesses(all).map(({ name }) => name),
    ['web', 'worker', 'beat'],
  );
  assert.deepEqual(
    workerProcesses(all).map(({ name }) => name),
    ['worker', 'beat'],
  );
  assert.equal(releaseStep(all)?.name, 'release');
  assert.equal(contractStep(all)?.name, 'contract');
  assert.equal(releaseStep([process('web')]), null);
  assert.equal(contractStep([]), null);
});

test('rule 4.1: the first thing that is wrong with processes is named', () => {
  const check = { ...defaultExecCheck, command: ['a'] };
  const cases: [readonly ProcessSettings[], string | null][] = [
    [[process('web'), process('release'), process('w', { check, command: null })], null],
    [[process('w'), process('w')], 'processes.w is given twice'],
    [[process('W')], 'processes must have names of lower-case letters'],
    [[process('w', { command: [] })], 'processes.w.command must name a program'],
    [[process('w', { command: ['a\0'] })], 'processes.w.command must not have NUL characters'],
    [
      [process('w', { command: ['a', 'b'.repeat(8_192)] })],
      'processes.w.command must be at most 8,192 characters long',
    ],
    [[process('w', { command: Array<string>(257).fill('a') })], 'processes.w.command must have at most 256 arguments'],
    [[process('w', { replicas: 0 })], 'processes.w.replicas must be a whole number from 1 to 32'],
    [[process('w', { cpuCores: 0 })], 'processes.w.cpuCores must be a number from 0.05 to 64'],
    [[process('release', { replicas: 2 })], 'processes.release.replicas must be 1 for what runs once'],
    [[process('contract', { command: null })], 'processes.contract.command is missing'],
    [[process('web', { check })], 'processes.web.check is for workers only'],
    [
      [process('w', { check: { ...check, intervalMs: 1 } })],
      'processes.w.check.intervalMs must be a whole number from 50 to 86400000',
    ],
    [Array.from({ length: 33 }, (_, index) => process(`w${index}`)), 'processes must not be more than 32'],
  ];
  for (const [processes, expected] of cases) {
    const problem = processesProblem(processes);
    assert.equal(problem === null ? null : `${problem.field} ${problem.message}`, expected);
  }
});

test('rule 4.1: the first thing that is wrong with volumes is named', () => {
  const cases: [readonly VolumeSettings[], string | null][] = [
    [[volume({}), volume({ name: 'b', path: '/data/b' })], null],
    [[volume({}), volume({ path: '/b' })], 'volumes.data is given twice'],
    [[volume({}), volume({ name: 'b' })], 'volumes.b.path is already the path of the volume data'],
    [[volume({ name: 'A' })], 'volumes must have names of lower-case letters'],
    [
      [volume({ access: 'exclusive', readOnly: true })],
      'volumes.data.access must be shared where the volume is read-only',
    ],
    ...['/', 'data', '/data/', '/a/../b', '/a//b', '/a:b', '/a\nb'].map((path): [VolumeSettings[], string] => [
      [volume({ path })],
      'volumes.data.path must be an absolute path in the container, such as /data',
    ]),
    ...['/proc', '/sys/a', '/dev/shm'].map((path): [VolumeSettings[], string] => [
      [volume({ path })],
      `volumes.data.path must not be inside ${path.split('/').slice(0, 2).join('/')}`,
    ]),
    [
      Array.from({ length: 33 }, (_, index) => volume({ name: `v${index}`, path: `/v${index}` })),
      'volumes must not be more than 32',
    ],
  ];
  for (const [volumes, expected] of cases) {
    const problem = volumesProblem(volumes);
    assert.equal(problem === null ? null : `${problem.field} ${problem.message}`, expected);
  }
});

test('rule 5.2: only volumes with one writer are exclusive', () => {
  assert.deepEqual(exclusiveVolumes([volume({})]), []);
  assert.equal(exclusiveVolumes([volume({}), volume({ access: 'exclusive' })]).length, 1);
});
