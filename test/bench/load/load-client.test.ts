import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startClient } from './client.ts';
import { defaultMix, kindOf, requestKinds, type LoadOptions } from './load-options.ts';
import { startLoad } from './load-process.ts';
import { MisbehavingServer, type Misdeed } from './misbehaving-server.ts';
import type { FailureKind } from './outcome.ts';

const drainTimeoutMs = 300;

function optionsFor(port: number, change: Partial<LoadOptions> = {}): LoadOptions {
  return {
    address: '127.0.0.1',
    port,
    host: 'bench.localhost',
    ratePerSecond: 200,
    mix: { 'keep-alive': 50, 'new-connection': 25, post: 25, slow: 0 },
    webSockets: 0,
    eventStreams: 0,
    drainTimeoutMs,
    timeoutMs: 2_000,
    toleranceMs: 20,
    ...change,
  };
}

async function until(what: string, holds: () => boolean, limitMs = 5_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await sleep(10);
  }
}

test('a server that keeps the rules has no failed request, of any kind', async () => {
  await using server = await MisbehavingServer.start();
  const client = startClient(optionsFor(server.port, { webSockets: 2, eventStreams: 2 }));
  await until('100 requests', () => client.requests() >= 100);
  const report = await client.stop();
  assert.equal(report.failed, 0, JSON.stringify(report.samples));
  assert.ok(report.requests >= 100);
  assert.ok((report.requestsByKind['keep-alive'] ?? 0) > (report.requestsByKind['post'] ?? 0));
  assert.equal(report.requestsByKind['websocket'], 2);
  assert.equal(report.requestsByKind['events'], 2);
});

const misdeeds: readonly (readonly [Misdeed, FailureKind])[] = [
  ['reset', 'reset'],
  ['status-500', 'server-error'],
  ['status-404', 'wrong-status'],
  ['truncate', 'truncated'],
  ['wrong-body', 'wrong-body'],
  ['silence', 'slow'],
];
for (const [misdeed, kind] of misdeeds) {
  test(`every request that meets ${misdeed} is counted as ${kind}, once, and not tried again`, async () => {
    await using server = await MisbehavingServer.start();
    server.misdeed = misdeed;
    const client = startClient(optionsFor(server.port, { timeoutMs: 400 }));
    await until('30 requests', () => client.requests() >= 30);
    const report = await client.stop();
    assert.equal(report.failed, report.requests, JSON.stringify(report.samples));
    assert.deepEqual(report.failures, { [kind]: report.requests });
  });
}

test('every request to a port where nobody listens is counted as refused', async () => {
  const server = await MisbehavingServer.start();
  const port = server.port;
  await server[Symbol.asyncDispose]();
  const client = startClient(optionsFor(port, { webSockets: 1, eventStreams: 1 }));
  await until('30 requests', () => client.requests() >= 30);
  const report = await client.stop();
  assert.equal(report.failed, report.requests);
  assert.deepEqual(Object.keys(report.failures), ['refused']);
});

test('5.4: streams that are closed while their version serves are failures', async () => {
  await using server = await MisbehavingServer.start();
  const client = startClient(optionsFor(server.port, { webSockets: 3, eventStreams: 3 }));
  await until('6 streams', () => server.openStreams === 6);
  await sleep(100); // the greeting is on its way
  server.closeStreams();
  await until('6 streams again', () => server.openStreams === 6);
  const report = await client.stop();
  assert.deepEqual(report.failures, { 'stream-closed-early': 6 }, JSON.stringify(report.samples));
});

test('5.4: streams that are closed before the drain timeout after a switch are failures', async () => {
  await using server = await MisbehavingServer.start();
  const client = startClient(optionsFor(server.port, { webSockets: 3, eventStreams: 3 }));
  await until('6 streams', () => server.openStreams === 6);
  client.noteSwitch({ version: 2, at: Date.now() });
  server.version = 2;
  await sleep(drainTimeoutMs / 2);
  server.closeStreams();
  await until('6 streams again', () => server.openStreams === 6);
  const report = await client.stop();
  assert.deepEqual(report.failures, { 'stream-closed-early': 6 }, JSON.stringify(report.samples));
});

test('5.4: streams that are closed at the drain timeout are no failures, and are opened again', async () => {
  await using server = await MisbehavingServer.start();
  const client = startClient(optionsFor(server.port, { webSockets: 3, eventStreams: 3 }));
  await until('6 streams', () => server.openStreams === 6);
  client.noteSwitch({ version: 2, at: Date.now() });
  server.version = 2;
  await sleep(drainTimeoutMs);
  server.closeStreams();
  await until('6 streams again', () => server.openStreams === 6);
  const report = await client.stop();
  assert.equal(report.failed, 0, JSON.stringify(report.samples));
  assert.equal(report.streamsClosedInTime, 6);
  assert.equal(report.requestsByKind['websocket'], 6);
});

test('the client sends by the clock, not by the answers', async () => {
  await using server = await MisbehavingServer.start();
  server.misdeed = 'silence';
  const client = startClient(optionsFor(server.port, { timeoutMs: 1_500 }));
  await sleep(1_000);
  const report = await client.stop();
  assert.ok(report.requests > 150, `sent ${report.requests} in a second at 200 a second`);
});

test('the mix of requests is the one asked for', () => {
  const sent = Array.from({ length: 1_000 }, (_, n) => kindOf(n, defaultMix));
  const counts = requestKinds.map((kind) => [kind, sent.filter((one) => one === kind).length]);
  assert.deepEqual(Object.fromEntries(counts), { 'keep-alive': 600, 'new-connection': 200, post: 170, slow: 30 });
});

test('the client in a process of its own reports the same', async () => {
  await using server = await MisbehavingServer.start();
  await using load = startLoad(optionsFor(server.port, { webSockets: 1 }));
  await until('100 requests', () => load.requests() >= 100);
  load.noteSwitch({ version: 2, at: Date.now() - drainTimeoutMs });
  server.closeStreams();
  const report = await load.stop();
  assert.equal(report.failed, 0, JSON.stringify(report.samples));
  assert.ok(report.requests >= 100);
});

test('a client process that dies is an error, not a run without failures', async () => {
  await using server = await MisbehavingServer.start();
  await using load = startLoad(optionsFor(server.port));
  await load[Symbol.asyncDispose]();
  await assert.rejects(load.stop(), /ended with code/);
});
