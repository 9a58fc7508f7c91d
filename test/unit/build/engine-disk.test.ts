import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { createBuildCache } from '../../../src/drivers/build/buildkit/build-cache.ts';
import { readEngineUsage } from '../../../src/drivers/build/buildkit/engine-usage.ts';

const never = new AbortController().signal;

/** Docker Engine's place is taken by a server that notes what it is asked: the machine's own has one cache for everybody. */
async function engineThatAnswers(status: number, body: unknown) {
  const directory = await mkdtemp('/tmp/cutover-test-engine-');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (request.url !== '/_ping') asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, { 'api-version': '1.41', 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  const socketPath = join(directory, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

test('the cache of builds is cut to a number of bytes by BuildKit itself, which knows what was used least', async () => {
  await using engine = await engineThatAnswers(200, { CachesDeleted: ['a'], SpaceReclaimed: 12_345 });
  assert.equal(await createBuildCache(engine).prune(5_000_000, never), 12_345);
  assert.deepEqual(engine.asked, ['POST /v1.41/build/prune?keep-storage=5000000']);
});

test('an engine that refuses is unavailable', async () => {
  await using engine = await engineThatAnswers(500, { message: 'not now' });
  await assert.rejects(createBuildCache(engine).prune(1, never), { code: 'runtime_unavailable', message: /not now/ });
});

test('what images share with the cache of builds is counted once, as theirs; an engine that is counting already says nothing', async () => {
  const cache = [
    { Size: 100, Shared: false },
    { Size: 1_000, Shared: true },
    { Size: 20, Shared: false },
  ];
  await using engine = await engineThatAnswers(200, { LayersSize: 7_000, BuildCache: cache });
  assert.deepEqual(await readEngineUsage(engine.socketPath, never), { imageBytes: 7_000, buildCacheBytes: 120 });
  await using busy = await engineThatAnswers(409, { message: 'a disk usage operation is already running' });
  assert.equal(await readEngineUsage(busy.socketPath, never), null);
});
