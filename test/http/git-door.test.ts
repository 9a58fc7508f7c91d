import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { createApi } from '../../src/http/api.ts';
import { createGitDoor } from '../../src/http/git/git-door.ts';
import { servePublicDoor } from '../../src/http/server.ts';
import { inMemoryCommands } from './in-memory/commands.ts';
import { Platform } from './in-memory/platform.ts';

const platform = new Platform();
const developer = platform.token('developer', 'developer');
const viewer = platform.token('viewer', 'viewer', 'app');
const socketPath = `/tmp/cutover-test-public-${randomUUID()}.sock`;
const shutdown = new AbortController();
const open = new AsyncDisposableStack();

before(async () => {
  const commands = inMemoryCommands(platform);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const common = { commands, log, shutdown: shutdown.signal };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing that is asked here is about the system
  const system = { version: '0.0.0' } as Parameters<typeof createApi>[0]['system'];
  const app = createApi({ ...common, system, hostNames: ['cutover.example'] });
  open.use(await servePublicDoor({ app, git: createGitDoor({ ...common, unreadMs: 1_000 }), socketPath }));
  const owner = { tokenId: 't', name: 'setup', role: 'owner' as const, project: null };
  await commands.projects.create(owner, { name: 'app', repository: null, gitPush: true });
  await commands.projects.create(owner, { name: 'elsewhere', repository: 'https://git.example/x.git' });
});
after(() => open.disposeAsync());

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

async function ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  const outgoing = request({ socketPath, path, method, headers: { host: 'cutover.example', ...headers } });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
}

const basic = (token: string, user = 'any') => ({ authorization: `Basic ${btoa(`${user}:${token}`)}` });
const refs = '/git/app.git/info/refs?service=git-receive-pack';
const push = {
  method: 'POST',
  headers: { ...basic(developer), 'content-type': 'application/x-git-receive-pack-request' },
};

test('10 of the API only webhooks and Git are behind the public door, however a path is spelt', async () => {
  const hidden = [
    '/',
    '/api/projects',
    '/api/healthz',
    '/api/openapi.json',
    '/api/webhooks/../projects',
    '/api/webhooks/%2e%2e/projects',
    '/git/../api/projects',
    '/git/%2e%2e/api/healthz',
    '//git/app.git/info/refs',
    'http://cutover.example/api/projects',
    '/api/webhooks',
  ];
  for (const path of hidden) {
    const answer = await ask(path, { headers: { authorization: `Bearer ${developer}` } });
    assert.equal(answer.status, 404, path);
    assert.doesNotMatch(answer.body, /projects"|status":"ok/, path);
  }
});

test('9.4 Git is asked for a password, which is a token; a bearer token will do as well', async () => {
  const asked = await ask(refs);
  assert.equal(asked.status, 401);
  assert.match(asked.headers['www-authenticate'] ?? '', /^Basic realm="cutover"/);
  const wrong = [
    'Basic !!!',
    'Basic ',
    `Basic ${btoa('no-colon')}`,
    basic('wrong').authorization,
    basic('a b').authorization,
  ];
  for (const authorization of wrong) assert.equal((await ask(refs, { headers: { authorization } })).status, 401);
  for (const headers of [basic(developer), basic(developer, ''), { authorization: `Bearer ${developer}` }]) {
    const { status, body, headers: said } = await ask(refs, { headers });
    assert.deepEqual([status, body], [200, 'advertise git-receive-pack: ']);
    assert.equal(said['content-type'], 'application/x-git-receive-pack-advertisement');
    assert.equal(said['cache-control'], 'no-store');
  }
});

test('9.4 who may not, and where there is nothing to push to, is told so as text, which Git shows', async () => {
  const cases = [
    [refs, viewer, 403, /may not deploy/],
    ['/git/none.git/info/refs?service=git-receive-pack', developer, 404, /no project "none"/],
    ['/git/elsewhere.git/info/refs?service=git-receive-pack', developer, 409, /git\.example.*\n.*--git-push/],
    ['/git/app.git/info/refs', developer, 400, /smart HTTP/],
    ['/git/app.git/info/refs?service=git-archive', developer, 400, /no service/],
    ['/git/app.git/HEAD', developer, 404, /no remote/],
  ] as const;
  for (const [path, token, status, words] of cases) {
    const answer = await ask(path, { headers: basic(token) });
    assert.equal(answer.status, status, path);
    assert.match(answer.headers['content-type'] ?? '', /^text\/plain/);
    assert.match(answer.body, words);
  }
});

test('a push is taken with Git’s own content type only, zipped or not, and by POST only', async () => {
  const path = '/git/app.git/git-receive-pack';
  assert.equal((await ask(path, { ...push, body: Buffer.from('0000') })).body, 'push: 0000');
  const zipped = { ...push, headers: { ...push.headers, 'content-encoding': 'gzip' }, body: gzipSync('zipped') };
  assert.equal((await ask(path, zipped)).body, 'push: zipped');
  assert.equal((await ask(path, { ...zipped, body: Buffer.from('not zipped') })).status, 400);
  assert.equal((await ask(path, { headers: basic(developer) })).status, 405);
  const form = { ...push, headers: { ...push.headers, 'content-type': 'text/plain' } };
  assert.equal((await ask(path, { ...form, body: Buffer.from('x') })).status, 415);
});

/** What comes back is as much. */
async function sendMuch(): Promise<IncomingMessage> {
  const { method, headers } = push;
  const outgoing = request({ socketPath, path: '/git/app.git/git-receive-pack', method, headers });
  outgoing.end(Buffer.alloc(4_000_000, 'x'));
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return incoming;
}

test('10 whoever does not read what he is sent for too long is cut off, and who reads slowly is not', async () => {
  const unread = await sendMuch();
  await sleep(1_500);
  await assert.rejects(unread.toArray(), { code: 'ECONNRESET' });
  let bytes = 0;
  for await (const chunk of await sendMuch()) {
    bytes += (chunk as Buffer).length;
    await sleep(1);
  }
  assert.equal(bytes, 4_000_000 + 'push: '.length);
});
