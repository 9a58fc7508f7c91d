import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyAppConfig, type AppConfig } from '../../../src/domain/app-config.ts';
import { applyAppBuild, applyAppConfig } from '../../../src/domain/app-config/apply.ts';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings, type EnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { configOf } from './check-text.ts';

const applied = (text: string, settings: Partial<EnvironmentSettings> = {}) =>
  applyAppConfig({ ...defaultEnvironmentSettings, ...settings }, configOf(text));

const worker = {
  name: 'worker',
  command: ['node', 'old.js'],
  replicas: 3,
  cpuCores: 2,
  memoryMb: 64,
  check: null,
  stayUpMs: 1_000,
};

test('rule 4.3: a repository that says nothing changes nothing', () => {
  assert.deepEqual(applyAppConfig(defaultEnvironmentSettings, emptyAppConfig), defaultEnvironmentSettings);
  assert.deepEqual(applyAppBuild(defaultBuildSettings, emptyAppConfig), defaultBuildSettings);
});

test('rule 4.3: what the repository says wins over the environment, and only that', () => {
  const settings = applied('replicas: 2\nhealth: { path: /up }\nrollback: { slow: roll-back }\nport: auto\n', {
    replicas: 5,
    port: 80,
    stopGraceMs: 1,
    rollback: { automatic: false, slow: 'hold' },
  });
  assert.deepEqual(settings, {
    ...defaultEnvironmentSettings,
    replicas: 2,
    port: null,
    stopGraceMs: 1,
    health: { ...defaultEnvironmentSettings.health, path: '/up' },
    rollback: { automatic: false, slow: 'roll-back' },
  });
});

test('rule 4.3: every key of the file reaches its setting', () => {
  const text = `replicas: 2
resources: { cpu: 2, memory: 1GB }
port: 80
strategy: canary
canary: { steps: [5] }
observation: 1m
standby: one
rollback: { automatic: false, slow: roll-back }
drainTimeout: 1s
stopGrace: 2s
holdTimeout: 3s
oneOffTimeout: 4s
health: { path: /up, method: HEAD, host: a, status: 201, interval: 1s, timeout: 2s, healthyThreshold: 3, unhealthyThreshold: 4, startPeriod: 5s }
processes: { worker: a }
volumes: { data: { path: /data, access: shared } }
`;
  const settings = applied(text);
  const same = Object.entries(defaultEnvironmentSettings).filter(
    ([name, value]) => JSON.stringify(settings[name as keyof EnvironmentSettings]) === JSON.stringify(value),
  );
  // They decide which commit is deployed, so a commit cannot carry them.
  assert.deepEqual(same.map(([name]) => name).toSorted(), ['autoDeploy', 'branch', 'watchPaths']);
  assert.deepEqual(settings.health, {
    path: '/up',
    method: 'HEAD',
    hostHeader: 'a',
    statusMin: 201,
    statusMax: 201,
    intervalMs: 1_000,
    timeoutMs: 2_000,
    healthyThreshold: 3,
    unhealthyThreshold: 4,
    startPeriodMs: 5_000,
  });
});

test('rule 4.1: a process has what it says, else what the environment says, else the limits of web', () => {
  const text = 'resources: { cpu: 0.5 }\nprocesses: { worker: { replicas: 2 }, beat: ./beat }\n';
  assert.deepEqual(applied(text, { memoryMb: 256, processes: [worker, { ...worker, name: 'other' }] }).processes, [
    { ...worker, replicas: 2 },
    {
      name: 'beat',
      command: ['/bin/sh', '-c', 'exec ./beat'],
      replicas: 1,
      cpuCores: 0.5,
      memoryMb: 256,
      check: null,
      stayUpMs: 30_000,
    },
    { ...worker, name: 'other' },
  ]);
});

test('rule 4.1: web has a command of its own, and replicas and limits of the environment', () => {
  const [web] = applied('replicas: 3\nresources: { memory: 1GB }\nprocesses: { web: [serve] }\n').processes;
  assert.deepEqual([web?.command, web?.replicas, web?.memoryMb], [['serve'], 3, 1_024]);
});

test('rule 4.3: volumes of the repository take the place of those of the same name', () => {
  const volume = { name: 'data', path: '/old', access: 'shared', readOnly: false } as const;
  const volumes = [volume, { ...volume, name: 'kept', path: '/kept' }];
  assert.deepEqual(applied('volumes: { data: { path: /new, access: exclusive } }', { volumes }).volumes, [
    { name: 'data', path: '/new', access: 'exclusive', readOnly: false },
    volumes[1],
  ]);
});

test('rule 4.3: what is right by itself and does not go with the environment is refused', () => {
  const volumes = [{ name: 'old', path: '/data', access: 'shared', readOnly: false }] as const;
  assert.throws(() => applied('volumes: { data: { path: /data, access: shared } }', { volumes }), {
    code: 'config_invalid',
    message:
      'the repository and the environment do not go together: volumes.old.path is already the path of the volume data',
  });
});

test('rule 3.1: the build of the repository wins key by key, and the directory stays', () => {
  const build = { ...defaultBuildSettings, directory: 'apps/web', buildCommand: 'old', startCommand: 'kept' };
  const config: AppConfig = configOf('build: { buildCommand: new, preset: node }');
  assert.deepEqual(applyAppBuild(build, config), { ...build, buildCommand: 'new', preset: 'node' });
});
