import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '../../src/contract/endpoint.ts';
import { operations } from '../../src/contract/endpoints.ts';
import { problemSchema } from '../../src/contract/problem.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

const values: Readonly<Record<string, string>> = { project: 'my-app', environment: 'production', number: '1' };

function concretePath(endpoint: Endpoint): string {
  return endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'x');
}

const guarded = operations().filter(({ endpoint }) => endpoint.access.kind !== 'public');

test('the table has the endpoints of rule 9.1, and only health, the document and what signs itself are public', () => {
  const open = operations().filter(({ endpoint }) => endpoint.access.kind === 'public');
  assert.deepEqual(
    open.map(({ id }) => id),
    ['system.health', 'system.openapi', 'webhooks.receive'],
  );
  assert.ok(guarded.length >= 25);
});

test('section 10: every endpoint refuses a request without a token, and one with an unknown token', async () => {
  await using api = await ApiUnderTest.start();
  for (const { id, endpoint } of guarded) {
    for (const token of [null, 'made-up']) {
      const answer = await api.request(endpoint.method, concretePath(endpoint), { token });
      const problem = problemSchema.parse(await answer.json());
      assert.equal(answer.status, 401, id);
      assert.equal(problem.code, 'unauthenticated', id);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
  }
});

test('section 10: a viewer bound to another project reaches nothing of this one, and nothing of the installation', async () => {
  await using api = await ApiUnderTest.start();
  const token = api.platform.token('elsewhere', 'viewer', 'other');
  for (const { id, endpoint } of guarded) {
    if (endpoint.access.kind !== 'permission') continue;
    const answer = await api.request(endpoint.method, concretePath(endpoint), { token });
    const problem = problemSchema.parse(await answer.json());
    const expected = endpoint.access.on === 'project' ? 'not_found' : 'forbidden';
    assert.equal(problem.code, expected, id);
  }
});

test('section 10: what any token may call shows a bound viewer nothing of other projects', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  const token = api.platform.token('elsewhere', 'viewer', 'other');
  const projects = await (await api.request('GET', '/api/projects', { token })).json();
  const queue = await (await api.request('GET', '/api/queue', { token })).json();
  assert.deepEqual(projects, { projects: [] });
  assert.deepEqual(queue, { items: [], elsewhere: { waiting: 1, running: 0 } });
});

test('a viewer of the project reads it, and is refused what needs more with `forbidden`', async () => {
  await using api = await ApiUnderTest.start();
  const token = api.platform.token('viewer', 'viewer', 'my-app');
  for (const { id, endpoint } of guarded) {
    if (endpoint.access.kind !== 'permission' || endpoint.access.on !== 'project') continue;
    if (endpoint.access.permission === 'read' || endpoint.access.permission === 'follow') continue;
    const answer = await api.request(endpoint.method, concretePath(endpoint), { token });
    assert.equal(problemSchema.parse(await answer.json()).code, 'forbidden', id);
  }
  assert.equal((await api.request('GET', '/api/projects/my-app', { token })).status, 200);
});

test('section 10: a Host header of a foreign name is refused, a local or configured one is answered', async () => {
  await using api = await ApiUnderTest.start({ hostNames: ['Deploy.Example'] });
  const refused = [
    'evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    '127.0.0.2',
    '[::1',
    'localhost:1:2',
  ];
  const answered = ['localhost', 'LOCALHOST:80', '127.0.0.1', '[::1]:7070', 'deploy.example:443'];
  for (const host of refused) assert.ok([400, 403].includes((await statusWithHost(api, host)) ?? 0), host);
  for (const host of answered) assert.equal(await statusWithHost(api, host), 200, host);
});

async function statusWithHost(api: ApiUnderTest, host: string): Promise<number | undefined> {
  const { request } = await import('node:http');
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const outgoing = request(`${api.url}/api/healthz`, { headers: { host }, agent: false }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  });
  outgoing.on('error', reject).end();
  return promise;
}
