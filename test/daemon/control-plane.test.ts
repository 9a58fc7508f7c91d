import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { dataDirectory } from '../../src/daemon/data-directory.ts';
import { lockDataDirectory } from '../../src/daemon/server-lock.ts';
import { startServer } from '../../src/daemon/server-process.ts';
import { startTestPostgres } from '../harness/postgres.ts';
import { emptyPlatform, startPlatform, type TestPlatform } from '../harness/platform.ts';

const never = new AbortController().signal;

test('of two first starts at the same time on one data directory one starts, and the other attaches to it', async () => {
  await using empty = await emptyPlatform();
  const { config, variables } = empty;
  const started = await Promise.all([startServer(config, variables), startServer(config, variables)]);
  assert.equal(started.filter((server) => server.started).length, 1);
  assert.equal(started[0].pid, started[1].pid);
  const again = await startServer(config, variables);
  assert.deepEqual([again.pid, again.started], [started[0].pid, false]);
  const named = await readFile(dataDirectory(config.dataDir).platformId, 'utf8');
  assert.equal(named, `${variables.platformId}\n`);
});

test('a data directory that a control plane works on is refused to another with already_running', async () => {
  await using platform = await startPlatform();
  await assert.rejects(lockDataDirectory(dataDirectory(platform.dataDir), never, 0.1), {
    code: 'already_running',
    message: new RegExp(`process ${platform.pids.controlPlane} works on ${platform.dataDir}`),
  });
});

test('the lock of a control plane that was killed is free at once', async () => {
  await using platform = await startPlatform();
  await platform.killControlPlane();
  const lock = await lockDataDirectory(dataDirectory(platform.dataDir), never, 0.1);
  await lock[Symbol.asyncDispose]();
  await platform.startControlPlane();
});

async function call<T>(platform: TestPlatform, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${platform.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${platform.token}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return (await response.json()) as T;
}

test('with DATABASE_URL everything is kept in that database, and none is made in the data directory', async () => {
  await using postgres = await startTestPostgres();
  const { host, user, database } = postgres.address;
  const databaseUrl = `postgresql:///${database}?host=${host}&user=${user}`;
  await using platform = await startPlatform({ variables: { databaseUrl } });
  const created = { name: 'kept', repository: 'https://example.com/kept.git' };
  await call(platform, 'POST', '/api/projects', created);
  await platform.killControlPlane();
  await platform.startControlPlane();
  const listed = await call<object>(platform, 'GET', '/api/projects');
  assert.match(JSON.stringify(listed), /"name":"kept"/);
  const status = await call<{ components: { name: string; healthy: boolean }[] }>(platform, 'GET', '/api/server');
  assert.ok(status.components.find(({ name }) => name === 'postgresql')?.healthy);
  await using direct = await postgres.open();
  assert.equal((await direct.pool.query('select name from project')).rowCount, 1);
  await assert.rejects(readFile(`${platform.dataDir}/postgres/data/PG_VERSION`), { code: 'ENOENT' });
});

test('a test platform hears nothing of the DATABASE_URL and the CUTOVER_* of its caller', async () => {
  const callers = { DATABASE_URL: 'postgresql://127.0.0.1:1/none', CUTOVER_BASE_DOMAIN: 'caller.example' };
  const before = { ...process.env };
  Object.assign(process.env, callers);
  try {
    await using platform = await startPlatform();
    const status = await call<{ baseDomain: string }>(platform, 'GET', '/api/server');
    assert.equal(status.baseDomain, 'localhost');
    await readFile(`${platform.dataDir}/postgres/data/PG_VERSION`);
  } finally {
    for (const name of Object.keys(callers)) delete process.env[name];
    Object.assign(process.env, before);
  }
});
