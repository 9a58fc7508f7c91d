import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemSchema } from '../../src/contract/problem.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

async function problemOf(answer: Response) {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const problem = problemSchema.parse(await answer.json());
  assert.equal(problem.status, answer.status);
  assert.notEqual(problem.next, '');
  return problem;
}

test('rule 9.1: errors are problem documents with a stable code and the next step', async () => {
  await using api = await ApiUnderTest.start();
  const problem = await problemOf(await api.request('GET', '/api/projects/nope'));
  assert.equal(problem.status, 404);
  assert.equal(problem.code, 'not_found');
  assert.match(problem.detail, /"nope"/);
  assert.equal(problem.type, 'docs/errors.md#not_found');
});

test('rule 9.1: the status of an error follows its kind', async () => {
  await using api = await ApiUnderTest.start();
  const taken = { body: { name: 'my-app', repository: 'https://git.example/x.git' } };
  assert.equal((await problemOf(await api.request('POST', '/api/projects', taken))).status, 409);
  assert.equal((await problemOf(await api.request('GET', '/api/nothing-here'))).status, 404);
});

test('an unknown field is refused with the field that was probably meant', async () => {
  await using api = await ApiUnderTest.start();
  const path = '/api/projects/my-app/environments/production';
  const typo = await problemOf(await api.request('PATCH', path, { body: { settings: { replica: 2 } } }));
  assert.equal(typo.code, 'invalid_input');
  assert.match(typo.detail, /unknown field "settings\.replica" \(did you mean "replicas"\?\)/);
  const health = { settings: { health: { intervalms: 2 } } };
  assert.match(
    (await problemOf(await api.request('PATCH', path, { body: health }))).detail,
    /did you mean "intervalMs"/,
  );
  const query = await problemOf(await api.request('GET', '/api/projects/my-app/deployments?limt=3'));
  assert.match(query.detail, /unknown field "limt" \(did you mean "limit"\?\)/);
});

test('values of the wrong type are refused, each by its name, and nothing is changed', async () => {
  await using api = await ApiUnderTest.start();
  const path = '/api/projects/my-app/environments/production';
  const body = { settings: { replicas: 'two', port: 1.5, health: { path: 3 } } };
  const problem = await problemOf(await api.request('PATCH', path, { body }));
  for (const name of ['settings.replicas', 'settings.port', 'settings.health.path']) {
    assert.ok(problem.detail.includes(name), problem.detail);
  }
  const environment: unknown = await (await api.request('GET', path)).json();
  assert.equal((environment as { settings: { replicas: number } }).settings.replicas, 1);
});

test('a body that is no JSON, or of another type, is refused', async () => {
  await using api = await ApiUnderTest.start();
  const headers = { authorization: `Bearer ${api.owner}`, 'content-type': 'application/json' };
  const broken = await fetch(`${api.url}/api/projects`, { method: 'POST', headers, body: '{"name":' });
  assert.match((await problemOf(broken)).detail, /not JSON/);
  const text = { ...headers, 'content-type': 'text/plain' };
  assert.equal(
    (await problemOf(await fetch(`${api.url}/api/projects`, { method: 'POST', headers: text, body: '{}' }))).status,
    415,
  );
});

test('a body over 1 MB is refused, with and without Content-Length, and the server goes on', async () => {
  await using api = await ApiUnderTest.start();
  const text = JSON.stringify({ name: 'x'.repeat(1_100_000) });
  const headers = { authorization: `Bearer ${api.owner}`, 'content-type': 'application/json' };
  const known = await fetch(`${api.url}/api/projects`, { method: 'POST', headers, body: text });
  assert.equal((await problemOf(known)).status, 413);
  const body = new Blob([text]).stream();
  const chunked = await fetch(`${api.url}/api/projects`, { method: 'POST', headers, body, duplex: 'half' });
  assert.equal((await problemOf(chunked)).status, 413);
  assert.equal((await api.request('GET', '/api/healthz')).status, 200);
});

test('rule 9.1: what nobody expected is `internal` with an id that is in the log, and nothing of the error is shown', async () => {
  await using api = await ApiUnderTest.start();
  api.platform.project = () => {
    throw new TypeError('the password is hunter2');
  };
  const answer = await api.request('GET', '/api/projects/my-app');
  const text = await answer.clone().text();
  const problem = await problemOf(answer);
  assert.equal(problem.status, 500);
  assert.equal(problem.code, 'internal');
  assert.doesNotMatch(text, /hunter2|TypeError|\.ts/);
  const [logged] = api.errors;
  assert.equal(`urn:uuid:${String(logged?.fields['id'])}`, problem.instance);
  assert.ok(logged?.fields['err'] instanceof TypeError);
});

test('rule 9.1: a trigger answers 202 with the deployment, its replay 200 with the same one, another request 409', async () => {
  await using api = await ApiUnderTest.start();
  const path = '/api/projects/my-app/trigger-pipeline';
  const headers = { 'idempotency-key': 'push 7' };
  const first = await api.request('POST', path, { headers, body: { environment: 'production' } });
  const again = await api.request('POST', path, { headers, body: { environment: 'production' } });
  const other = await api.request('POST', path, { headers, body: { environment: 'production', noCache: true } });
  assert.equal(first.status, 202);
  assert.equal(first.headers.get('location'), '/api/projects/my-app/deployments/1');
  assert.equal(again.status, 200);
  assert.deepEqual(await again.json(), await first.json());
  assert.equal((await problemOf(other)).code, 'idempotency_mismatch');
});

test('rule 9.1: a list of deployments is paged by number, newest first', async () => {
  await using api = await ApiUnderTest.start();
  for (let count = 0; count < 5; count += 1) await api.deploy();
  const numbers: number[] = [];
  let before: number | null = null;
  do {
    const query: string = before === null ? '' : `&before=${before}`;
    const answer = await api.request('GET', `/api/projects/my-app/deployments?limit=2${query}`);
    const page = (await answer.json()) as { deployments: { number: number }[]; nextBefore: number | null };
    numbers.push(...page.deployments.map(({ number }) => number));
    before = page.nextBefore;
  } while (before !== null);
  assert.deepEqual(numbers, [5, 4, 3, 2, 1]);
});

test('section 10: the value of a secret is never in an answer', async () => {
  await using api = await ApiUnderTest.start();
  const path = '/api/projects/my-app/environments/production/variables';
  const variables = [
    { name: 'PLAIN', value: 'shown', secret: false },
    { name: 'KEY', value: 'hunter2', secret: true },
  ];
  assert.equal((await api.request('PUT', path, { body: { variables } })).status, 204);
  const text = await (await api.request('GET', path)).text();
  assert.match(text, /shown/);
  assert.doesNotMatch(text, /hunter2/);
  const removed = await api.request('DELETE', `${path}?names=KEY,NOPE`);
  assert.deepEqual(await removed.json(), { removed: ['KEY'] });
});

test('a port that is taken is reported as `port_in_use`', async () => {
  await using api = await ApiUnderTest.start();
  const { serveApi } = await import('../../src/http/server.ts');
  const { Hono } = await import('hono');
  await assert.rejects(serveApi({ app: new Hono(), host: '127.0.0.1', port: api.server.port }), {
    code: 'port_in_use',
  });
});
