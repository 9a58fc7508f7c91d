import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { answering, answeringSometimes, streaming } from './apps.ts';
import { Stage, type OpenStream } from './stage.ts';

/** Traffic that lives longer than a version: rules 5.2 and 5.4 on real parts. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

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

test('5.4 an event stream stays on the old instance until the drain timeout, and counts as no failure when it is closed then', async () => {
  const drainTimeoutMs = 2_000;
  const repository = await stage.project('events', streaming('one'), { drainTimeoutMs });
  await stage.deploy('events');
  const open = await Promise.all(Array.from({ length: 3 }, () => stage.openStream('events.localhost', '/events')));
  await repository.commit(streaming('two'));
  const number = await stage.trigger('events');
  await stage.until('traffic on the new version', async () =>
    (await stage.visit('events.localhost')).body === 'two' ? true : null,
  );
  const switchedAt = performance.now();
  const countsAtSwitch = open.map(({ messages }) => messages.length);
  const { deployment } = await stage.settle('events', number);
  const closings = await Promise.all(open.map(({ closedAt }) => closedAt));
  for (const [index, closedAt] of closings.entries()) {
    assert.ok(closedAt - switchedAt > drainTimeoutMs - 400, `closed after ${closedAt - switchedAt} ms`);
    assert.ok(closedAt - switchedAt < drainTimeoutMs * 1.2 + 1_500, `closed after ${closedAt - switchedAt} ms`);
    assert.ok((open[index]?.messages.length ?? 0) > (countsAtSwitch[index] ?? 0) + 10, 'it went on while it drained');
    assert.ok(open[index]?.messages.every((message) => message.includes('data: one')));
  }
  assert.equal(deployment.state, 'completed');
  assert.equal(deployment.requests?.failed, 0);
  assert.ok((deployment.requests?.total ?? 0) > 0);
});

test('5.5 one instance that closes without a byte: a GET is tried until it is answered, a POST is not repeated', async () => {
  await stage.project('alone', answeringSometimes, { health: { path: '/health' } });
  await stage.deploy('alone');
  const get = await stage.visit('alone.localhost', '/fail/2/get');
  assert.deepEqual([get.status, get.body], [200, '3'], 'the third try was answered');
  const post = await stage.visit('alone.localhost', '/fail/2/post', {}, 'POST');
  assert.ok(post.status === 502 || post.status === 503, `${post.status}`);
  assert.equal((await stage.visit('alone.localhost', '/count/post')).body, '1', 'it reached the app once');
});

test('5.5 one of several that closes without a byte: a GET is answered by another, a POST is not repeated', async () => {
  await stage.project('several', answeringSometimes, { replicas: 2, health: { path: '/health' } });
  await stage.deploy('several');
  const { body: broken } = await stage.visit('several.localhost', '/break', {}, 'POST');
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => stage.visit('several.localhost', `/fail/0/get-${index}`)),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  const instances = new Set(answers.map(({ headers }) => headers['x-instance']));
  assert.deepEqual([instances.size, instances.has(broken)], [1, false], 'all by the one that is well');
  const posts = await Promise.all(
    Array.from({ length: 10 }, (_, index) => stage.visit('several.localhost', `/fail/0/post-${index}`, {}, 'POST')),
  );
  const statuses = posts.map(({ status }) => status);
  assert.ok(statuses.includes(200), 'half of them meet the one that is well');
  assert.ok(statuses.includes(502) || statuses.includes(503), 'and half of them do not');
  const failed = posts.flatMap(({ status }, index) => (status === 200 ? [] : [index]));
  for (const index of failed) {
    const { body } = await stage.visit('several.localhost', `/count/post-${index}`);
    assert.equal(body, '0', 'the other instance never saw what the first had taken');
  }
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

test('5.2 auto is rolling where little is asked for, and a canary where more is', async () => {
  const repository = await stage.project('auto', answering('one'), { strategy: 'auto', observationMs: 60_000 });
  await stage.deploy('auto');
  await repository.commit(answering('two'));
  await stage.visit('auto.localhost');
  const { deployment } = await stage.deploy('auto');
  assert.equal(await plannedFor(deployment.number), 'rolling');
  // 3.3 a second over the minute that counts at least.
  for (let visit = 0; visit < 200; visit += 1) await stage.visit('auto.localhost');
  const number = await stage.trigger('auto');
  await stage.untilState('auto', number, ['ready']);
  assert.equal(await plannedFor(number), 'canary');
  assert.match(
    await stage.log('auto', number, 'DeployImageJob'),
    /strategy auto: \d\.\d requests a second .* so canary/,
  );
});

async function plannedFor(number: number): Promise<string | undefined> {
  const entries = await stage.timeline('auto', number);
  const planned = entries.map(({ event }) => event).find(({ kind }) => kind === 'rollout.planned');
  return planned?.kind === 'rollout.planned' ? planned.strategy : undefined;
}
