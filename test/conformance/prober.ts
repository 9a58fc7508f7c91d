import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { test } from 'node:test';
import { defaultHealthCheck } from '../../src/domain/health-check.ts';
import type { ProbeResult } from '../../src/domain/health-check.ts';
import type { Prober } from '../../src/engine/ports/prober.ts';

const limit = (): AbortSignal => AbortSignal.timeout(20_000);

/** The promises of `src/engine/ports/prober.ts` for instances, over real sockets. */
export function proberConformance(driver: string, prober: Prober): void {
  const probe = async (listen: Server, check = {}): Promise<ProbeResult> => {
    await using server = await serve(listen);
    return await prober.probe(server.target, { ...defaultHealthCheck, ...check }, limit());
  };
  const rule = (name: string, body: () => Promise<void>): void =>
    void test(`${driver}: ${name}`, { timeout: 30_000 }, body);

  rule('5.1: the status and the start of the body are told', async () => {
    const result = await probe(http((_, response) => response.writeHead(503).end('db unreachable\n')));
    assert.deepEqual(result, { type: 'answered', status: 503, bodyStart: 'db unreachable' });
  });

  rule('the body’s start is at most 200 printable characters', async () => {
    const result = await probe(http((_, response) => response.end(`a\u0000\u001b[31m\r\nb${'é'.repeat(5_000)}`)));
    assert.equal(result.type, 'answered');
    assert.equal(result.type === 'answered' && result.bodyStart.length, 200);
    assert.match(result.type === 'answered' ? result.bodyStart : '', /^a \[31m bé+$/);
  });

  rule('path, method and Host are those of the check, and the connection is not kept', async () => {
    let seen: unknown;
    const server = http((request, response) => {
      seen = [request.method, request.url, request.headers.host, request.headers.connection];
      response.end();
    });
    const result = await probe(server, { path: '/up?x=1', method: 'HEAD', hostHeader: 'shop.example' });
    assert.deepEqual(seen, ['HEAD', '/up?x=1', 'shop.example', 'close']);
    assert.deepEqual(result, { type: 'answered', status: 200, bodyStart: '' });
  });

  rule('a redirect is an answer and is not followed', async () => {
    let requests = 0;
    const server = http((_, response) => {
      requests += 1;
      response.writeHead(302, { Location: '/login' }).end();
    });
    assert.deepEqual(await probe(server), { type: 'answered', status: 302, bodyStart: '' });
    assert.equal(requests, 1);
  });

  rule('a stream that never ends is answered with its first piece', async () => {
    const result = await probe(http((_, response) => response.write('data: 1\n\n')));
    assert.deepEqual(result, { type: 'answered', status: 200, bodyStart: 'data: 1' });
  });

  rule('nobody listening is refused', async () => {
    const { target, [Symbol.asyncDispose]: close } = await serve(http(() => {}));
    await close();
    assert.deepEqual(await prober.probe(target, defaultHealthCheck, limit()), { type: 'refused' });
  });

  rule('no answer, and headers without a body, are timed out', async () => {
    const silent = await probe(
      http(() => {}),
      { timeoutMs: 200 },
    );
    assert.deepEqual(silent, { type: 'timed-out' });
    const bodyless = await probe(
      http((_, response) => response.writeHead(200, { 'Content-Length': 5 }).flushHeaders()),
      { timeoutMs: 200 },
    );
    assert.deepEqual(bodyless, { type: 'timed-out' });
  });

  rule('a connection that is closed, and an answer that is not HTTP, are broken', async () => {
    assert.equal((await probe(tcp((socket) => socket.destroy()))).type, 'broken');
    assert.equal((await probe(tcp((socket) => socket.end('SSH-2.0-x\r\n')))).type, 'broken');
  });

  rule('a path or host that HTTP cannot carry is broken, not thrown', async () => {
    assert.equal(
      (
        await probe(
          http((_, response) => response.end()),
          { path: '/a b' },
        )
      ).type,
      'broken',
    );
    assert.equal(
      (
        await probe(
          http((_, response) => response.end()),
          { hostHeader: 'a\r\nb' },
        )
      ).type,
      'broken',
    );
  });

  rule('an abort is thrown', async () => {
    await using server = await serve(http(() => {}));
    const stop = new AbortController();
    const probing = prober.probe(server.target, defaultHealthCheck, stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(probing, /enough/);
  });
}

function http(listener: RequestListener): Server {
  return createServer(listener);
}

function tcp(listener: (socket: Socket) => void): Server {
  return createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => listener(socket));
  });
}

async function serve(server: Server) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    target: { kind: 'instance', address: '127.0.0.1', port } as const,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
