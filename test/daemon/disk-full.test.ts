import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createOperatorLog } from '../../src/daemon/operator-log.ts';
import { CutoverError } from '../../src/domain/errors.ts';
import { createFileLogs } from '../../src/drivers/logs/files/file-logs.ts';
import { createDockerRuntime } from '../../src/drivers/runtime/docker/docker-runtime.ts';
import { translateDatabaseError } from '../../src/store/database-errors.ts';
import { instanceSpec } from '../conformance/runtime.ts';

const run = promisify(execFile);
const never = new AbortController().signal;

test('a log that cannot be opened for want of space is disk_full', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can mount a disk without room');
  const dir = await mkdtemp('/tmp/cutover-test-disk-full-');
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=1', 'tmpfs', dir]);
  try {
    const logs = createFileLogs({ dir, log: { warn: () => {} } });
    await assert.rejects(
      logs.open('deployments/d1/BuildImageJob', (text) => text),
      { code: 'disk_full' },
    );
  } finally {
    await run('umount', [dir]);
    await rm(dir, { recursive: true });
  }
});

function translated(code: string): string {
  const error = translateDatabaseError(Object.assign(new Error('could not extend file'), { code }));
  assert.ok(error instanceof CutoverError);
  return error.code;
}

test('a PostgreSQL without room is disk_full, one without memory is unavailable', () => {
  assert.equal(translated('53100'), 'disk_full');
  assert.equal(translated('53200'), 'database_unavailable');
});

/** An engine that refuses one kind of request for want of space, and answers the others. */
async function fullEngine(refuses: 'create' | 'start') {
  const directory = await mkdtemp('/tmp/cutover-test-engine-');
  const message = 'failed to mkdir /var/lib/docker/overlay2/x: no space left on device';
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    if (url.endsWith('/version'))
      return answer(200, { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' });
    if (request.method === 'DELETE') return response.writeHead(204).end();
    const isCreate = url.includes('/containers/create');
    if (isCreate && refuses === 'start') return answer(201, { Id: 'c1', Warnings: [] });
    if (isCreate || url.endsWith('/start')) return answer(500, { message });
    return answer(404, { message: 'no such thing' });
  });
  server.listen(join(directory, 'docker.sock'));
  await once(server, 'listening');
  return {
    socketPath: join(directory, 'docker.sock'),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await rm(directory, { recursive: true });
    },
  };
}

for (const refuses of ['create', 'start'] as const)
  test(`a container whose ${refuses} Docker refuses for want of space is disk_full`, async () => {
    await using engine = await fullEngine(refuses);
    const runtime = createDockerRuntime({
      socketPath: engine.socketPath,
      platformId: 'test-full',
      networkPool: '10.214.0.0/16',
      log: createOperatorLog('silent'),
    });
    await assert.rejects(runtime.start(instanceSpec, never), { code: 'disk_full', message: /no space left/ });
  });
