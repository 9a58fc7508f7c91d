import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readConfig, type Config } from '../../src/daemon/config.ts';
import { dataDirectory } from '../../src/daemon/data-directory.ts';
import { versioned, type Check } from '../../src/daemon/doctor/check.ts';
import { checkDatabase } from '../../src/daemon/doctor/database-check.ts';
import { checkBaseImage, checkDocker, checkLiveRestore } from '../../src/daemon/doctor/docker-checks.ts';
import { examineMachine } from '../../src/daemon/doctor/local-doctor.ts';
import { checkDisk, checkGit, checkNode, checkProgram } from '../../src/daemon/doctor/machine-checks.ts';
import { checkPorts } from '../../src/daemon/doctor/port-checks.ts';
import { createOperatorLog } from '../../src/daemon/operator-log.ts';
import { createDockerRuntime } from '../../src/drivers/runtime/docker/docker-runtime.ts';
import { baseImage, dockerSocket } from '../harness/images.ts';
import { freePort } from '../harness/haproxy.ts';
import { startTestPostgres } from '../harness/postgres.ts';

const status = (check: Check) => check.status;

function runtimeAt(socketPath: string) {
  const log = createOperatorLog('silent');
  return createDockerRuntime({ socketPath, platformId: 'test-doctor', networkPool: '10.214.0.0/16', log });
}

async function temporaryDirectory() {
  const path = await mkdtemp('/tmp/cutover-test-doctor-');
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function configIn(dataDir: string, change: Partial<Config> = {}): Promise<Config> {
  const ports = { apiPort: String(await freePort()), httpPort: String(await freePort()) };
  return { ...readConfig({ dataDir, ...ports }, process.getuid?.() === 0), ...change };
}

describe('versions', () => {
  const verdicts: readonly (readonly [part: string, said: string, status: Check['status']])[] = [
    ['haproxy', 'HAProxy version 2.6.12-1+deb12u1 2023/12/16 - https://haproxy.org/', 'ok'],
    ['haproxy', 'HA-Proxy version 2.4.24-0ubuntu0.22.04.1 2023/10/31', 'failed'],
    ['haproxy', 'HAProxy version 3.0.0', 'ok'],
    ['docker', 'Docker Engine 20.10.24+dfsg1 (API 1.41)', 'ok'],
    ['docker', 'Docker Engine 20.9.1 (API 1.40)', 'failed'],
    ['docker', 'Docker Engine 29.1.3 (API 1.52)', 'ok'],
    ['git', 'git version 2.39.5', 'ok'],
    ['git', 'git version 2.30', 'ok'],
    ['git', 'git version 2.29.9', 'failed'],
    ['node', 'v24.0.0', 'ok'],
    ['node', 'v22.21.1', 'failed'],
    ['postgresql', 'PostgreSQL 14.11 at DATABASE_URL', 'failed'],
    ['postgresql', '18.4.0-beta.17', 'ok'],
    ['nginx', 'nginx version: nginx/1.22.1', 'ok'],
  ];
  for (const [part, said, expected] of verdicts)
    test(`${part}: "${said}" is ${expected}`, () => {
      const check = versioned(part, said);
      assert.equal(check.status, expected);
      assert.equal(check.fix === null, expected === 'ok');
      assert.ok(check.found.startsWith(said));
    });
});

describe('programs', () => {
  test('those of this machine are well', async () => {
    assert.equal(status(checkNode()), 'ok');
    assert.equal(status(await checkGit()), 'ok');
    assert.equal(status(await checkProgram('haproxy', '/usr/sbin/haproxy', '-v')), 'ok');
    assert.equal(status(await checkProgram('nginx', '/usr/sbin/nginx', '-v')), 'ok');
  });

  test('one that is not there, or is too old, has failed, with the fix', async () => {
    await using directory = await temporaryDirectory();
    const old = join(directory.path, 'haproxy');
    await writeFile(old, '#!/bin/sh\necho "HAProxy version 2.2.9"\n');
    await chmod(old, 0o755);
    const missing = await checkProgram('haproxy', join(directory.path, 'none'), '-v');
    assert.deepEqual([missing.status, missing.fix?.includes('apt-get install haproxy')], ['failed', true]);
    const tooOld = await checkProgram('haproxy', old, '-v');
    assert.deepEqual([tooOld.status, tooOld.found], ['failed', 'HAProxy version 2.2.9: older than 2.6']);
    assert.equal(status(checkNode('v22.1.0')), 'failed');
  });

  test('space is measured where the directory will be', async () => {
    await using directory = await temporaryDirectory();
    assert.match((await checkDisk(join(directory.path, 'not', 'yet'))).found, /GB free at /);
  });
});

describe('Docker', () => {
  test('an engine that answers is well, one that does not has failed', async () => {
    assert.equal(status(await checkDocker(runtimeAt(dockerSocket))), 'ok');
    const nowhere = await checkDocker(runtimeAt('/tmp/cutover-test-no-docker.sock'));
    assert.deepEqual([nowhere.status, nowhere.fix === null], ['failed', false]);
  });

  test('a base image that is missing is a warning, with `cutover images base` as the fix', async () => {
    await baseImage('node');
    assert.equal(status(await checkBaseImage(runtimeAt(dockerSocket), 'cutover/base-node:24')), 'ok');
    const missing = await checkBaseImage(runtimeAt(dockerSocket), 'cutover-test-none:24-slim');
    assert.equal(missing.status, 'warning');
    assert.match(missing.fix ?? '', /cutover images base/);
    assert.equal(status(await checkBaseImage(runtimeAt('/tmp/cutover-test-no-docker.sock'))), 'warning');
  });
});

describe('live-restore', () => {
  const information = {
    version: '20.10.24',
    apiVersion: '1.41',
    cgroupVersion: '2',
    cpus: 2,
    memoryBytes: 8e9,
  } as const;

  test('an engine with it is well; any other gets the advice', async () => {
    const on = { ping: async () => ({ ...information, liveRestore: true }) };
    const off = { ping: async () => ({ ...information, liveRestore: false }) };
    assert.equal(status(await checkLiveRestore(on)), 'ok');
    const advice = await checkLiveRestore(off);
    assert.equal(advice.status, 'warning');
    assert.match(advice.fix ?? '', /"live-restore": true/);
    assert.equal(status(await checkLiveRestore(runtimeAt('/tmp/cutover-test-no-docker.sock'))), 'warning');
  });
});

describe('the database', () => {
  test('our own is well when its binaries are there', async () => {
    const check = await checkDatabase({ kind: 'embedded', user: null });
    assert.deepEqual([check.name, check.status], ['postgresql', 'ok']);
  });

  test('the user’s is well when it answers, else it has failed', async () => {
    await using postgres = await startTestPostgres();
    const { host, user, database } = postgres.address;
    const url = `postgresql:///${database}?host=${host}&user=${user}`;
    const answers = await checkDatabase({ kind: 'external', url });
    assert.equal(answers.status, 'ok');
    assert.match(answers.found, /^PostgreSQL 18/);
    const silent = await checkDatabase({ kind: 'external', url: 'postgresql://x:secret@127.0.0.1:1/x' });
    assert.equal(silent.status, 'failed');
    assert.doesNotMatch(JSON.stringify(silent), /secret/);
  });
});

describe('the ports', () => {
  test('free ones are well; one that is taken has failed, naming the variable', async () => {
    await using directory = await temporaryDirectory();
    const config = await configIn(directory.path);
    const free = await checkPorts(config, dataDirectory(directory.path));
    assert.deepEqual(free.map(status), ['ok', 'ok']);
    const server = createServer().listen(config.router.port, '0.0.0.0');
    await once(server, 'listening');
    try {
      const [api, router] = await checkPorts(config, dataDirectory(directory.path));
      assert.equal(api?.status, 'ok');
      assert.equal(router?.status, 'failed');
      assert.match(router?.fix ?? '', /CUTOVER_HTTP_PORT/);
    } finally {
      server.close();
    }
  });
});

test('the whole examination names every part, and fails only what is bad', async () => {
  await using directory = await temporaryDirectory();
  const config = await configIn(directory.path, {
    haproxyBin: join(directory.path, 'none'),
    dockerSocket: join(directory.path, 'none.sock'),
  });
  const checks = await examineMachine(config);
  const bad = checks.filter((check) => check.status === 'failed').map(({ name }) => name);
  assert.deepEqual(bad.toSorted(), ['docker', 'haproxy']);
  const names = [
    'api port',
    'base image',
    'build limits',
    'disk',
    'docker',
    'git',
    'haproxy',
    'live-restore',
    'nginx',
    'node',
    'postgresql',
  ];
  assert.deepEqual(checks.map(({ name }) => name).toSorted(), [...names, 'router port']);
});
