import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { readConfig } from '../../src/daemon/config.ts';
import { createOperatorLog } from '../../src/daemon/operator-log.ts';
import { startServer } from '../../src/daemon/server-process.ts';
import { stopEverything } from '../../src/daemon/stop-everything.ts';
import { CutoverError } from '../../src/domain/errors.ts';
import { freePort } from '../harness/haproxy.ts';
import { startPlatform } from '../harness/platform.ts';
import { processesOf } from '../harness/processes.ts';

async function listener(host: string): Promise<{ readonly port: number } & AsyncDisposable> {
  const server: Server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { port: address.port, [Symbol.asyncDispose]: async () => void server.close() };
}

/** What a start on a new directory is refused with; afterwards nothing of it may run. */
async function refusedStart(ports: { readonly apiPort: number; readonly httpPort: number }): Promise<CutoverError> {
  const dataDir = await mkdtemp('/tmp/cutover-test-ports-');
  const platformId = `test-${randomBytes(4).toString('hex')}`;
  const variables = {
    dataDir,
    platformId,
    apiPort: String(ports.apiPort),
    httpPort: String(ports.httpPort),
    httpAddress: '127.0.0.1',
  };
  const config = readConfig(variables, process.getuid?.() === 0);
  try {
    const refusal: unknown = await startServer(config, variables).then(
      () => null,
      (error: unknown) => error,
    );
    assert.deepEqual(processesOf(dataDir, 0), [], 'nothing runs on the data directory');
    assert.ok(refusal instanceof CutoverError, String(refusal));
    return refusal;
  } finally {
    await stopEverything(config, createOperatorLog('silent'));
    await rm(dataDir, { recursive: true, force: true });
  }
}

test('a start whose API port is taken is refused with port_in_use and leaves nothing running', async () => {
  await using other = await listener('127.0.0.1');
  const refusal = await refusedStart({ apiPort: other.port, httpPort: await freePort() });
  assert.equal(refusal.code, 'port_in_use');
  assert.match(refusal.message, new RegExp(`port ${other.port}, meant for the API, .*CUTOVER_API_PORT`));
});

test('a start whose router port is taken is refused with port_in_use and leaves nothing running', async () => {
  await using other = await listener('0.0.0.0');
  const refusal = await refusedStart({ apiPort: await freePort(), httpPort: other.port });
  assert.equal(refusal.code, 'port_in_use');
  assert.match(refusal.message, new RegExp(`port ${other.port}, meant for the router, .*CUTOVER_HTTP_PORT`));
});

test('a new control plane takes over from its own HAProxy, which kept the port, and is refused another one that is taken', async () => {
  await using platform = await startPlatform();
  await platform.stopControlPlane();
  await using other = await listener('127.0.0.1');
  const { config } = platform;
  const elsewhere = { ...config, router: { ...config.router, port: other.port } };
  const variables = { dataDir: platform.dataDir, apiPort: '0', httpAddress: '127.0.0.1', httpPort: String(other.port) };
  await assert.rejects(startServer(elsewhere, variables), { code: 'port_in_use' });
  await platform.startControlPlane();
  const haproxy = await readFile(`${platform.dataDir}/router/haproxy.cfg`, 'utf8');
  assert.match(haproxy, new RegExp(`bind 127.0.0.1:${platform.routerPort}\n`));
});

test('API and router cannot have the same port', () => {
  const variables = { dataDir: '/tmp/cutover-test-none', apiPort: '8080', httpPort: '8080' };
  assert.throws(() => readConfig(variables, false), { code: 'invalid_input', message: /CUTOVER_HTTP_PORT/ });
});
