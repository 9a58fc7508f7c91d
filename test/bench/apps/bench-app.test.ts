import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startClient } from '../load/client.ts';
import { setTimeout as sleep } from 'node:timers/promises';

async function startApp(variables: Record<string, string>) {
  const started = Date.now();
  const child = spawn(process.execPath, [fileURLToPath(new URL('bench-app/server.js', import.meta.url))], {
    env: { PATH: process.env['PATH'], PORT: '0', HOST: '127.0.0.1', ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    child,
    started,
    port: Number(/listens on (\d+)/.exec(String(line))?.[1]),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('the benchmarks’ app satisfies the load client: pages, echo, slow answers, WebSockets and events', async () => {
  await using app = await startApp({ CUTOVER_DEPLOYMENT: '7' });
  const client = startClient({
    address: '127.0.0.1',
    port: app.port,
    host: 'bench.localhost',
    ratePerSecond: 100,
    mix: { 'keep-alive': 40, 'new-connection': 20, post: 30, slow: 10 },
    webSockets: 2,
    eventStreams: 2,
    drainTimeoutMs: 1_000,
    timeoutMs: 10_000,
    toleranceMs: 0,
  });
  await sleep(1_200);
  const report = await client.stop();
  assert.equal(report.failed, 0, JSON.stringify(report.samples));
  assert.ok((report.requestsByKind['slow'] ?? 0) >= 5);
});

test('the benchmarks’ app waits before it listens and says when it did', async () => {
  await using app = await startApp({ CUTOVER_DEPLOYMENT: '7', START_DELAY_MS: '300' });
  const answer = await fetch(`http://127.0.0.1:${app.port}/ready-at`);
  const { deployment, readyAt } = (await answer.json()) as { deployment: string; readyAt: number };
  assert.equal(deployment, '7');
  assert.ok(readyAt >= app.started + 300, `listened ${readyAt - app.started} ms after its start`);
});

test('the benchmarks’ app ends at once on SIGTERM, also in the middle of a request', async () => {
  await using app = await startApp({});
  const cut = assert.rejects(fetch(`http://127.0.0.1:${app.port}/slow?n=1&ms=20000`));
  await sleep(100);
  const asked = performance.now();
  app.child.kill('SIGTERM');
  await once(app.child, 'exit');
  assert.ok(performance.now() - asked < 1_000);
  await cut;
});
