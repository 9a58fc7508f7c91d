import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultHealthCheck } from '../../src/domain/health-check.ts';
import { createHttpProber } from '../../src/drivers/probe/http-prober.ts';
import { proberConformance } from './prober.ts';
import { serveProbed } from './prober-servers.ts';

const overHttp = createHttpProber({ staticEndpoint: { host: '127.0.0.1', port: 1 } });
proberConformance('http', { prober: overHttp, serve: serveProbed });

test('5.10: a static bundle is probed at the web server’s socket, named by the headers only the router sets', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-test-prober-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const socketPath = join(directory, 'web.sock');
  const server = createServer((request, response) => {
    response.end(JSON.stringify([request.headers['x-cutover-bundle'], request.headers['x-cutover-spa'] ?? null]));
  });
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const prober = createHttpProber({ staticEndpoint: { socketPath } });
  for (const [spa, header] of [
    [true, '1'],
    [false, null],
  ] as const) {
    const result = await prober.probe(
      { kind: 'static', bundle: 'abc', spa },
      defaultHealthCheck,
      AbortSignal.timeout(5_000),
    );
    assert.deepEqual(result, { type: 'answered', status: 200, bodyStart: JSON.stringify(['abc', header]) });
  }
});
