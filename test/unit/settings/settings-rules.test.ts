import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { buildSettingsProblem, environmentSettingsProblem } from '../../../src/domain/settings-rules.ts';

const environment = defaultEnvironmentSettings;
const { health } = environment;

test('the defaults are fine', () => {
  assert.equal(environmentSettingsProblem(environment), null);
  assert.equal(buildSettingsProblem(defaultBuildSettings), null);
});

const bounds: Record<string, readonly [least: number, most: number, step: number]> = {
  replicas: [1, 32, 1],
  cpuCores: [0.05, 64, 0.01],
  memoryMb: [16, 1_048_576, 1],
  port: [1, 65_535, 1],
  drainTimeoutMs: [0, 86_400_000, 1],
  stopGraceMs: [0, 86_400_000, 1],
};

for (const [field, [least, most, step]] of Object.entries(bounds)) {
  test(`${field} is from ${least} to ${most} (rule 4.1)`, () => {
    for (const value of [least, most])
      assert.equal(environmentSettingsProblem({ ...environment, [field]: value }), null);
    for (const value of [least - step, most + step, Number.NaN, Number.POSITIVE_INFINITY, '1', undefined]) {
      assert.equal(environmentSettingsProblem({ ...environment, [field]: value })?.field, field);
    }
  });
}

for (const [field, value] of [
  ['path', 'no-slash'],
  ['path', '/a b'],
  ['path', '/\r\nHost: x'],
  ['method', 'POST'],
  ['hostHeader', 'a\r\nb'],
  ['statusMin', 99],
  ['statusMax', 600],
  ['statusMax', 199],
  ['intervalMs', 0],
  ['timeoutMs', 0],
  ['healthyThreshold', 0],
  ['unhealthyThreshold', 1.5],
  ['startPeriodMs', -1],
  ['unheardOf', 1],
] as const) {
  test(`health.${field} ${JSON.stringify(value)} is refused (rule 5.1)`, () => {
    const problem = environmentSettingsProblem({ ...environment, health: { ...health, [field]: value } });
    assert.equal(problem?.field, `health.${field}`);
  });
}

for (const [field, value] of [
  ['preset', 'cobol'],
  ['directory', '../x'],
  ['directory', '/etc'],
  ['directory', 'a/../../b'],
  ['dockerfile', ''],
  ['dockerfile', '--help'],
  ['target', '--x'],
  ['buildEnv', { 'A-B': 'x' }],
  ['buildEnv', { A: 1 }],
  ['installCommand', ''],
  ['startCommand', 'a\nRUN b'],
  ['outputDirectory', '..'],
  ['unheardOf', 1],
] as const) {
  test(`build.${field} ${JSON.stringify(value)} is refused`, () => {
    assert.equal(buildSettingsProblem({ ...defaultBuildSettings, [field]: value })?.field, `build.${field}`);
  });
}

test('build settings with everything set are fine', () => {
  const build = {
    builder: 'nixpacks',
    preset: 'node',
    directory: 'apps/web',
    dockerfile: 'docker/Dockerfile',
    target: 'runtime',
    buildEnv: { API_URL: 'https://api.example.test' },
    installCommand: 'npm ci',
    buildCommand: 'npm run build && npm prune',
    startCommand: 'node server.js',
    outputDirectory: 'dist',
    submodules: true,
    lfs: false,
  } as const;
  assert.equal(buildSettingsProblem(build), null);
});
