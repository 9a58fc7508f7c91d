import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request, type ClientRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireEnvironment } from '../../src/contract/schemas/environment.ts';
import type { WirePreview } from '../../src/contract/schemas/preview.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { answering, counting, failingOneStart } from './apps.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { containersOf, routerState } from './world.ts';

/** Rule 6: previews that nobody uses sleep, and wake when somebody comes; with real containers and traffic. */
let stage: Stage;
let repository: TestRepository;
before(async () => {
  stage = await Stage.open();
  repository = await stage.project('shop', counting);
  await stage.must('PATCH', `${base}/preview-settings`, { sleepAfterMs: 1_000 });
});
after(() => stage[Symbol.asyncDispose]());

const base = '/api/projects/shop';
const get = (name: string) => stage.must<WirePreview>('GET', `${base}/previews/${name}`);

async function push(pullRequest: number, files: Readonly<Record<string, string>>): Promise<string> {
  const branch = `branch-${pullRequest}`;
  const commit = await repository.commit({ ...files }, { branch });
  await stage.must('POST', `${base}/previews`, { pullRequest, branch, commit });
  return `pr-${pullRequest}-shop.localhost`;
}

async function untilAsleep(name: string): Promise<void> {
  await stage.until(`${name} to be asleep`, async () => {
    const { asleepSince, deployment } = await get(name);
    if (asleepSince === null || deployment === null) return null;
    const kinds = (await stage.timeline('shop', deployment.number)).map(({ event }) => event.kind);
    return kinds.lastIndexOf('asleep') > kinds.lastIndexOf('awake') ? true : null;
  });
  assert.equal(await running(name), 0);
}

async function running(environment: string): Promise<number> {
  const containers = await containersOf(stage.platform, 'shop');
  return containers.filter(({ Labels }) => Labels['cutover.environment'] === environment).length;
}

async function master(): Promise<number> {
  const text = await readFile(join(stage.platform.dataDir, 'router', 'router.pid.child'), 'utf8');
  return Number(text.split(' ')[0]);
}

/** What `counting` says. */
interface Counted {
  readonly bytes: number;
  readonly requests: number;
}

function post(host: string, bytes: number): Promise<{ readonly status: number; readonly body: string }> {
  const url = `http://127.0.0.1:${stage.platform.routerPort}/`;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: { host }, agent: false }, (incoming) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(Buffer.alloc(bytes, 1));
  });
}

/** Resolves when it has begun to talk. */
function openStream(host: string): Promise<ClientRequest> {
  const address = { host: '127.0.0.1', port: stage.platform.routerPort, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...address, path: '/stream', headers: { host } }, (incoming) => {
      // Whoever ends it ends it in the middle.
      incoming.on('error', () => undefined);
      incoming.once('data', () => resolve(outgoing));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('rule 6: a preview that nobody uses is stopped, and 20 requests at once wake it and are each served once', async (t) => {
  const host = await push(1, counting);
  await untilAsleep('pr-1');
  const environment = await stage.must<WireEnvironment>('GET', `${base}/environments/pr-1`);
  assert.match(environment.asleepSince ?? '', /^\d{4}-/);
  const sizes = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? 50_000 + index : 0));
  const began = performance.now();
  const answers = await Promise.all(sizes.map((bytes) => post(host, bytes)));
  t.diagnostic(`awake after ${Math.round(performance.now() - began)} ms`);
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  const counted = answers.map(({ body }) => JSON.parse(body) as Counted);
  assert.deepEqual(
    counted.map(({ bytes }) => bytes),
    sizes,
  );
  assert.equal(Math.max(...counted.map(({ requests }) => requests)), 20, 'each was given to it once');
  assert.equal((await get('pr-1')).asleepSince, null);
  await untilAsleep('pr-1');
  await stage.until('all of it to be told', async () => {
    const kinds = (await stage.timeline('shop', 1)).map(({ event }) => event.kind);
    const turns = kinds.filter((kind) => kind === 'asleep' || kind === 'awake');
    return turns.join(' ').startsWith('asleep awake asleep') ? true : null;
  });
});

test('rule 6: it sleeps on while HAProxy and the control plane are killed, and who comes meanwhile is served', async () => {
  const host = 'pr-1-shop.localhost';
  await untilAsleep('pr-1');
  const killed = await master();
  process.kill(killed, 'SIGKILL');
  await stage.until('another router', async () => ((await master()) === killed ? null : true));
  const then = await get('pr-1');
  await stage.platform.killControlPlane();
  // Not before the router listens.
  const waiting = stage.until('the router to take it', () => post(host, 10_000).catch(() => null));
  await stage.platform.startControlPlane();
  assert.equal((await waiting).status, 200);
  assert.notEqual(then.asleepSince, null, 'it slept until somebody came');
  assert.equal(await running('pr-1'), 1);
});

test('rule 6: a stream keeps it awake', async () => {
  const stream = await openStream('pr-1-shop.localhost');
  await sleep(2_000);
  assert.equal((await get('pr-1')).asleepSince, null);
  stream.destroy();
  await untilAsleep('pr-1');
});

test('rule 6: what sleeps is woken by a deployment, so that whoever comes is served all the time', async () => {
  await untilAsleep('pr-1');
  const host = await push(1, answering('newer'));
  const first = await stage.visit(host);
  await using visitors = startVisitors(stage, host, 20);
  await stage.until('the new version', async () =>
    visitors.visits.some(({ body }) => body === 'newer') ? true : null,
  );
  const visits = await visitors.stop();
  assert.deepEqual(new Set(visits.map(({ status }) => status)), new Set([200]));
  assert.match(first.body, /requests/, 'the old version');
});

test('rule 6: what is closed while it sleeps goes', async () => {
  await untilAsleep('pr-1');
  await stage.must('DELETE', `${base}/previews/pr-1`);
  await stage.until('it to be gone', async () => ((await get('pr-1')).state === 'closed' ? true : null));
  assert.equal((await stage.visit('pr-1-shop.localhost')).status, 404);
  assert.deepEqual((await routerState(stage.platform)).routes, []);
});

test('rule 6: visitors of what does not come up are told so, and it is tried again', async () => {
  await stage.settings('shop', { volumes: [{ name: 'data', path: '/data', access: 'shared' }] });
  const host = await push(2, failingOneStart);
  await stage.until('it to serve', async () => ((await stage.visit(host, '/spoil')).status === 200 ? true : null));
  await untilAsleep('pr-2');
  const refused = await stage.visit(host);
  assert.equal(refused.status, 503);
  assert.match(refused.body, /did not start/);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  const { number = 0 } = (await get('pr-2')).deployment ?? {};
  await stage.until('the reason to be told', async () => {
    const texts = (await stage.timeline('shop', number)).map(({ text }) => text);
    return texts.some((text) => /did not wake: .*exited/s.test(text)) ? true : null;
  });
  assert.equal(await running('pr-2'), 0);
  await stage.until('the next visitor to be served', async () =>
    (await stage.visit(host)).body === 'well' ? true : null,
  );
});
