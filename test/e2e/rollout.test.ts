import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { Stage } from './stage.ts';

/** Traffic that lives longer than a version: rules 5.2 and 5.4 on real parts. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

/** Answers with its name; a WebSocket echoes after the name; /events is a stream. Exits at once on SIGTERM. */
function streaming(name: string) {
  return {
    'package.json': JSON.stringify({ name: 'app', type: 'commonjs', scripts: { start: 'node server.js' } }),
    'server.js': `
const { createHash } = require('node:crypto');
const server = require('node:http').createServer((request, response) => {
  if (request.url !== '/events') return response.end(${JSON.stringify(name)});
  response.setHeader('content-type', 'text/event-stream');
  const timer = setInterval(() => response.write('data: ${name}\\n\\n'), 50);
  response.on('close', () => clearInterval(timer));
});
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  const text = Buffer.from(${JSON.stringify(name)});
  const timer = setInterval(() => socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text])), 50);
  socket.on('close', () => clearInterval(timer));
  socket.on('error', () => clearInterval(timer));
});
server.listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`,
  };
}

interface OpenStream {
  readonly messages: string[];
  readonly closedAt: Promise<number>;
}

async function openSocket(host: string): Promise<OpenStream> {
  const socket = new WebSocket(`ws://127.0.0.1:${stage.platform.routerPort}/`, { headers: { host } });
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => messages.push(data.toString()));
  const closedAt = new Promise<number>((resolve) => {
    socket.on('close', () => resolve(performance.now()));
    socket.on('error', () => resolve(performance.now()));
  });
  await stage.until('the WebSocket to talk', async () => (messages.length > 0 ? true : null));
  return { messages, closedAt };
}

test('5.4 a WebSocket stays on the old instance until the drain timeout, and new requests go to the new one at once', async () => {
  const drainTimeoutMs = 2_000;
  const repository = await stage.project('sockets', streaming('one'), { drainTimeoutMs });
  await stage.deploy('sockets');
  const open = await Promise.all(Array.from({ length: 4 }, () => openSocket('sockets.localhost')));
  await repository.commit(streaming('two'));
  const number = await stage.trigger('sockets');
  await stage.until('traffic on the new version', async () =>
    (await stage.visit('sockets.localhost')).body === 'two' ? true : null,
  );
  const switchedAt = performance.now();
  const countsAtSwitch = open.map(({ messages }) => messages.length);
  const { deployment } = await stage.settle('sockets', number);
  assert.equal(deployment.state, 'completed');
  const closings = await Promise.all(open.map(({ closedAt }) => closedAt));
  for (const [index, closedAt] of closings.entries()) {
    assert.ok(closedAt - switchedAt > drainTimeoutMs - 400, `closed after ${closedAt - switchedAt} ms`);
    assert.ok(closedAt - switchedAt < drainTimeoutMs * 1.2 + 1_500, `closed after ${closedAt - switchedAt} ms`);
    assert.ok(
      (open[index]?.messages.length ?? 0) > (countsAtSwitch[index] ?? 0) + 10,
      'it went on talking while it drained',
    );
    assert.ok(open[index]?.messages.every((message) => message === 'one'));
  }
  const spread = Math.max(...closings) - Math.min(...closings);
  assert.ok(spread > 100, `closed one by one, over ${spread} ms`);
});

for (const strategy of ['rolling', 'blue-green'] as const) {
  test(`5.2 ${strategy} with three replicas loses no request, and nothing of the old version answers afterwards`, async () => {
    const name = `many-${strategy}`;
    const repository = await stage.project(name, streaming('one'), { replicas: 3, strategy });
    await stage.deploy(name);
    await repository.commit(streaming('two'));
    const answers: { status: number; body: string }[] = [];
    const done = new AbortController();
    const visitors = Array.from({ length: 6 }, async () => {
      while (!done.signal.aborted) {
        answers.push(
          await stage.visit(`${name}.localhost`).catch((error: unknown) => ({ status: 0, body: String(error) })),
        );
      }
    });
    const { deployment } = await stage.deploy(name);
    done.abort();
    await Promise.all(visitors);
    assert.equal(deployment.state, 'completed');
    assert.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    );
    assert.equal(deployment.requests?.failed, 0);
    const bodies = await Promise.all(
      Array.from({ length: 12 }, async () => (await stage.visit(`${name}.localhost`)).body),
    );
    assert.deepEqual(new Set(bodies), new Set(['two']));
  });
}
