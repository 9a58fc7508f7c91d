import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { problemSchema } from '../../src/contract/problem.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

const timeline = '/api/projects/my-app/deployments/1/timeline';
const log = '/api/projects/my-app/deployments/1/logs/BuildImageJob';
const stream = { accept: 'text/event-stream' };

/** Reads a stream until `enough` says so or it ends. */
async function readUntil(answer: Response, enough: (text: string) => boolean): Promise<string> {
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  let text = '';
  for await (const chunk of (answer.body ?? assert.fail('no body')).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (enough(text)) break;
  }
  return text;
}

function ids(text: string): number[] {
  return [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > deadline) assert.fail(`never: ${what}`);
    await delay(5);
  }
}

test('rule 9.1: the timeline is streamed as it grows, resumes after Last-Event-ID, and says when it ends', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  const abort = new AbortController();
  const live = await api.request('GET', timeline, { headers: stream, signal: abort.signal });
  assert.deepEqual(ids(await readUntil(live, (text) => text.includes('id: '))), [1]);
  abort.abort();
  api.platform.succeed(api.held(1));
  const resumed = await api.request('GET', timeline, { headers: { ...stream, 'last-event-id': '3' } });
  const rest = await readUntil(resumed, () => false);
  assert.deepEqual(ids(rest), [4, 5, 6, 7, 8, 9, 10]);
  assert.match(rest, /event: end\ndata: \{\}\n\n$/);
  const nothing = await api.request('GET', timeline, { headers: { ...stream, 'last-event-id': '10' } });
  assert.match(await readUntil(nothing, () => false), /^retry: 1000\n\nevent: end/);
});

test('rule 9.1: without `text/event-stream` the timeline is one JSON document and does not wait', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  const answer = await api.request('GET', timeline);
  const { entries } = (await answer.json()) as { entries: { id: number; text: string }[] };
  assert.deepEqual(
    entries.map(({ id, text }) => [id, text]),
    [[1, 'state: pending']],
  );
});

test('rule 9.1: a log resumes at the byte offset of Last-Event-ID', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  api.platform.log(api.held(1), 'BuildImageJob', 'zeile ä', 'second', 'third').close();
  const all = await readUntil(await api.request('GET', log, { headers: stream }), () => false);
  assert.deepEqual(ids(all), [9, 16, 22]);
  const resumed = await api.request('GET', log, { headers: { ...stream, 'last-event-id': '9' } });
  assert.deepEqual(ids(await readUntil(resumed, () => false)), [16, 22]);
});

test('a log is read in pages that name the next offset', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  api.platform.log(api.held(1), 'BuildImageJob', 'first', 'second', 'third').close();
  const page = (await (await api.request('GET', `${log}?limit=2`)).json()) as {
    lines: { text: string }[];
    next: number;
  };
  assert.equal(page.lines.length, 2);
  const rest = await (await api.request('GET', `${log}?offset=${page.next}`)).json();
  assert.deepEqual(
    (rest as { lines: { text: string }[] }).lines.map(({ text }) => text),
    ['third'],
  );
  assert.equal((rest as { more: boolean }).more, false);
});

test('a stream that cannot begin is a problem, not a stream', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  for (const path of ['/api/projects/my-app/deployments/9/timeline', `${log}nope`]) {
    const answer = await api.request('GET', path, { headers: stream });
    assert.equal(answer.status, 404);
    assert.equal(problemSchema.parse(await answer.json()).code, 'not_found');
  }
  const bad = await api.request('GET', timeline, { headers: { ...stream, 'last-event-id': 'x' } });
  assert.equal(bad.status, 400);
});

test('a silent stream carries a comment at the heartbeat interval', async () => {
  await using api = await ApiUnderTest.start({ heartbeatMs: 20 });
  await api.deploy();
  const abort = new AbortController();
  const answer = await api.request('GET', timeline, { headers: stream, signal: abort.signal });
  const text = await readUntil(answer, (seen) => seen.split(': keep-alive').length > 3);
  assert.deepEqual(ids(text), [1]);
  abort.abort();
});

test('a caller that goes away is let go of', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  const abort = new AbortController();
  const answer = await api.request('GET', timeline, { headers: stream, signal: abort.signal });
  await readUntil(answer, (text) => text.includes('id: 1'));
  assert.equal(api.held(1).timeline.readers, 1);
  abort.abort();
  await eventually('the reader is gone', () => api.held(1).timeline.readers === 0);
});

test('a shutdown closes streams at once, without `end`, so that callers come back', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  const answer = await api.request('GET', timeline, { headers: stream });
  const reading = readUntil(answer, () => false);
  await eventually('the reader waits', () => api.held(1).timeline.readers === 1);
  const began = performance.now();
  api.shutdown.abort();
  await api.server.close();
  assert.doesNotMatch(await reading, /event: end/);
  assert.ok(performance.now() - began < 1_500, 'closing waited for the grace period');
});

test('an error in the middle of a stream is told as a `problem` event', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  const { timeline: feed } = api.held(1);
  feed.read = async function* read() {
    yield* feed.items;
    await delay(300);
    throw new Error('the disk is on fire');
  };
  const text = await readUntil(await api.request('GET', timeline, { headers: stream }), () => false);
  assert.deepEqual(ids(text), [1]);
  assert.match(text, /event: problem\ndata: \{.*"code":"internal"/);
  assert.doesNotMatch(text, /on fire/);
});

test('issue 2, part 7: a reader that does not read holds the source back', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  api.platform.log(api.held(1), 'BuildImageJob');
  let produced = 0;
  const line = 'x'.repeat(10_000);
  const feed = api.held(1).logs.get('BuildImageJob') ?? assert.fail('no log');
  feed.read = async function* read() {
    for (; produced < 5_000; produced += 1) yield { at: 0, stream: 'stdout' as const, text: line, next: produced + 1 };
  };
  const answer = await api.request('GET', log, { headers: stream });
  let seen = -1;
  await eventually('the source stands still', () => {
    const still = produced === seen;
    seen = produced;
    return still && produced > 0;
  });
  assert.ok(produced < 2_500, `${produced} lines of 10 kB were read ahead`);
  const text = await readUntil(answer, () => false);
  assert.equal(ids(text).length, 5_000);
});

test('a stream whose token is revoked is closed without `end`, though nothing happens on it', async () => {
  await using api = await ApiUnderTest.start({ tokenCheckMs: 20 });
  await api.deploy();
  const token = api.platform.token('ci', 'owner');
  const answer = await api.request('GET', timeline, { headers: stream, token });
  const reading = readUntil(answer, () => false);
  await eventually('the reader waits', () => api.held(1).timeline.readers === 1);
  api.platform.tokens.splice(
    api.platform.tokens.findIndex(({ secret }) => secret === token),
    1,
  );
  assert.doesNotMatch(await reading, /event: end/);
  await eventually('the reader is gone', () => api.held(1).timeline.readers === 0);
  assert.equal((await api.request('GET', timeline, { headers: stream, token })).status, 401);
});
