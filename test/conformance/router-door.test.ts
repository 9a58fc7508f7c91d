import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { stableOnly } from '../../src/domain/route.ts';
import { startHaproxy, until, type RunningRouter } from '../harness/haproxy.ts';

/** Section 10: nothing of the platform listens on a public address but the router, which passes on what is public of it. */
const host = 'cutover.example.test';
const socketPath = `/tmp/cutover-test-door-${process.pid}.sock`;
const limit = () => AbortSignal.timeout(15_000);

let router: RunningRouter;
before(async () => {
  router = await startHaproxy({ door: { host, endpoint: `unix@${socketPath}`, paths: ['/api/webhooks/', '/git/'] } });
});
after(async () => {
  await router[Symbol.asyncDispose]();
  await rm(socketPath, { force: true });
});

type Handler = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

async function platform(handler: Handler): Promise<AsyncDisposable> {
  const server = createServer(handler);
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Asked {
  readonly name?: string;
  readonly method?: string;
  readonly body?: Iterable<Uint8Array>;
}

function ask(path: string, { name = host, method = 'GET', body }: Asked = {}) {
  const outgoing = request({
    host: '127.0.0.1',
    port: router.port,
    path,
    method,
    agent: false,
    headers: { host: name },
  });
  const answer = once(outgoing, 'response').then(async ([incoming]: IncomingMessage[]) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming ?? []) chunks.push(chunk as Buffer);
    return { status: incoming?.statusCode, headers: incoming?.headers, body: Buffer.concat(chunks).toString() };
  });
  void (async () => {
    for (const chunk of body ?? []) if (!outgoing.write(chunk)) await once(outgoing, 'drain');
    outgoing.end();
  })();
  return answer;
}

test('10 only Git and webhooks of the platform are reached, only at its host, with its port or in capitals as well', async () => {
  await using _platform = await platform((incoming, outgoing) => outgoing.end(`${incoming.method} ${incoming.url}`));
  assert.equal((await ask('/git/app.git/info/refs?service=x')).body, 'GET /git/app.git/info/refs?service=x');
  assert.equal((await ask('/api/webhooks/github/1', { method: 'POST' })).body, 'POST /api/webhooks/github/1');
  assert.equal((await ask('/git/a', { name: `CUTOVER.example.test:${router.port}` })).body, 'GET /git/a');
  for (const path of ['/', '/api/projects', '/api/healthz', '/git', '/api/webhooks', '//git/x', '/x/git/'])
    assert.equal((await ask(path)).status, 404, path);
  for (const name of ['app.example.test', 'x.cutover.example.test', 'cutover.example.test.evil.test'])
    assert.equal((await ask('/git/a', { name })).status, 404, name);
});

test('10 while the platform is down its host is answered 503 with Retry-After, and apps are not affected', async () => {
  await using app = await startApp();
  await router.router.addServer(
    1,
    { kind: 'instance', name: 'i1', address: '127.0.0.1', port: app.port, redundancy: 'alone' },
    limit(),
  );
  await router.router.setRoute(['app.example.test'], stableOnly(1), limit());
  const down = ask('/git/a');
  for (let count = 0; count < 20; count += 1)
    assert.equal((await ask('/', { name: 'app.example.test' })).body, 'app', 'an app does not wait for the platform');
  const { status, headers } = await down;
  assert.deepEqual([status, headers?.['retry-after'], headers?.['cache-control']], [503, '5', 'no-store']);
});

test('10 a large body passes as it comes: nothing waits for its end', async () => {
  const size = 64 * 1024 * 1024;
  let received = 0;
  const early = Promise.withResolvers<void>();
  await using _platform = await platform((incoming, outgoing) => {
    incoming.on('data', (chunk: Buffer) => {
      received += chunk.length;
      early.resolve();
    });
    incoming.on('end', () => outgoing.end(String(received)));
  });
  function* chunks() {
    for (let sent = 0; sent < size; sent += 65_536) yield Buffer.alloc(65_536);
  }
  const whole = ask('/git/a', { method: 'POST', body: chunks() });
  await early.promise;
  assert.ok(received < size, 'it had not been sent to its end');
  assert.equal((await whole).body, String(size));
});

test('10 the door is there after a reload and after a restart of HAProxy, without anybody having to open it', async () => {
  await using _platform = await platform((_incoming, outgoing) => outgoing.end('open'));
  await router.router.grow(router.router.capacity() + 10, limit());
  assert.equal((await ask('/git/a')).body, 'open');
  process.kill(await router.pid('master'), 'SIGKILL');
  await until('HAProxy is back', async () => (await ask('/git/a').catch(() => null))?.body === 'open', 10_000);
});

async function startApp(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((_incoming, outgoing) => outgoing.end('app'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
