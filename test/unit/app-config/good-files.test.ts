import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { emptyAppConfig, type AppConfig } from '../../../src/domain/app-config.ts';
import { configOf } from './check-text.ts';

interface GoodFile {
  readonly text: string;
  readonly says: Partial<AppConfig>;
}

const shell = (line: string) => ['/bin/sh', '-c', line];

const check = {
  command: ['pg_isready'],
  intervalMs: 5_000,
  timeoutMs: 3_000,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  startPeriodMs: 30_000,
};

const goodFiles: Readonly<Record<string, GoodFile>> = {
  'an empty file says nothing': { text: '', says: {} },
  'a file of comments says nothing': { text: '# later\n---\n# …\n', says: {} },
  'a byte order mark is no part of it': { text: '\u{feff}replicas: 2\n', says: { settings: { replicas: 2 } } },
  'lines may end as on Windows': {
    text: 'replicas: 2\r\nport: 80\r\n',
    says: { settings: { replicas: 2, port: 80 } },
  },
  'an app can ask for its submodules, for what Git LFS keeps, and for a builder': {
    text: 'build: { submodules: true, lfs: true, builder: planner }\n',
    says: { build: { submodules: true, lfs: true, builder: 'planner' } },
  },
  'durations have units or are seconds': {
    text: 'drainTimeout: 1.5s\nstopGrace: 500ms\nobservation: 15m\nholdTimeout: 20\noneOffTimeout: 1h\n',
    says: {
      settings: {
        drainTimeoutMs: 1_500,
        stopGraceMs: 500,
        observationMs: 900_000,
        holdTimeoutMs: 20_000,
        oneOffTimeoutMs: 3_600_000,
      },
    },
  },
  'memory has units or is MiB': {
    text: 'resources: { cpu: 0.5, memory: 1.5GB }\nprocesses: { a: { memory: 64 }, b: { memory: 64 mb } }\n',
    says: {
      settings: { cpuCores: 0.5, memoryMb: 1_536 },
      processes: [
        { name: 'a', memoryMb: 64 },
        { name: 'b', memoryMb: 64 },
      ],
    },
  },
  'a text is for the shell, a list is the arguments themselves': {
    text: 'processes:\n  web: puma -p $PORT\n  worker: [node, worker.js, ""]\n  beat: { command: ./wait && ./beat }\n',
    says: {
      processes: [
        { name: 'web', command: shell('exec puma -p $PORT') },
        { name: 'worker', command: ['node', 'worker.js', ''] },
        { name: 'beat', command: shell('./wait && ./beat') },
      ],
    },
  },
  'a worker may have everything': {
    text: `processes:
  queue_1:
    command: node q.js
    replicas: 3
    cpu: 2
    memory: 1GB
    stayUp: 5s
    check: { command: [pg_isready] }
`,
    says: {
      processes: [
        {
          name: 'queue_1',
          command: shell('exec node q.js'),
          replicas: 3,
          cpuCores: 2,
          memoryMb: 1_024,
          stayUpMs: 5_000,
          check,
        },
      ],
    },
  },
  'rule 5.8: release and contract are processes that run once': {
    text: 'release: ./migrate\ncontract: { command: [./contract], memory: 1GB }\n',
    says: {
      processes: [
        { name: 'release', command: shell('exec ./migrate') },
        { name: 'contract', command: ['./contract'], memoryMb: 1_024 },
      ],
    },
  },
  'rule 5.1: the health check, in part': {
    text: 'health: { path: /up, method: HEAD, host: app.example, status: 200-399, interval: 500ms, startPeriod: 2m }\n',
    says: {
      health: {
        path: '/up',
        method: 'HEAD',
        hostHeader: 'app.example',
        statusMin: 200,
        statusMax: 399,
        intervalMs: 500,
        startPeriodMs: 120_000,
      },
    },
  },
  'one status is a range of one': {
    text: 'health: { status: 204 }',
    says: { health: { statusMin: 204, statusMax: 204 } },
  },
  'rule 5.2: strategy and steps': {
    text: 'strategy: canary\ncanary:\n  steps: [1, 5, 25]\n',
    says: { settings: { strategy: 'canary', canarySteps: [1, 5, 25] } },
  },
  'rule 5.6: standby and rollback': {
    text: 'standby: one\nrollback: { automatic: false, slow: roll-back }\nobservation: 0\n',
    says: { settings: { standby: 'one', observationMs: 0 }, rollback: { automatic: false, slow: 'roll-back' } },
  },
  'rule 4.1: volumes are shared or exclusive': {
    text: 'volumes:\n  data: { path: /data, access: exclusive }\n  docs: { path: /docs, access: shared, readOnly: true }\n',
    says: {
      volumes: [
        { name: 'data', path: '/data', access: 'exclusive', readOnly: false },
        { name: 'docs', path: '/docs', access: 'shared', readOnly: true },
      ],
    },
  },
  'the port auto takes back what the environment is set to': {
    text: 'port: auto\n',
    says: { settings: { port: null } },
  },
  'the build is that of the project': {
    text: 'build: { preset: dockerfile, dockerfile: docker/Dockerfile, target: run, buildEnv: { A: "1" } }\n',
    says: { build: { preset: 'dockerfile', dockerfile: 'docker/Dockerfile', target: 'run', buildEnv: { A: '1' } } },
  },
  'a few aliases are fine, and a key << is not needed for them': {
    text: 'processes:\n  a: { command: &run [node, run.js] }\n  b: { command: *run }\n',
    says: {
      processes: [
        { name: 'a', command: ['node', 'run.js'] },
        { name: 'b', command: ['node', 'run.js'] },
      ],
    },
  },
  'YAML 1.2: no, on and yes are texts': {
    text: 'processes: { no: on, yes: "off" }\n',
    says: {
      processes: [
        { name: 'no', command: shell('exec on') },
        { name: 'yes', command: shell('exec off') },
      ],
    },
  },
};

for (const [name, { text, says }] of Object.entries(goodFiles)) {
  test(`rule 4.3: ${name}`, () => assert.deepEqual(configOf(text), { ...emptyAppConfig, ...says }));
}

test('rule 4.3: the example of docs/cutover-yaml.md is a good file', () => {
  const page = readFileSync(new URL('../../../docs/cutover-yaml.md', import.meta.url), 'utf8');
  const example = /```yaml\n([^`]*)```/.exec(page)?.[1] ?? '';
  const { processes, settings, volumes } = configOf(example);
  assert.deepEqual(
    processes.map(({ name }) => name),
    ['web', 'worker', 'release', 'contract'],
  );
  assert.equal(settings.observationMs, 1_800_000);
  assert.equal(volumes.length, 1);
});
