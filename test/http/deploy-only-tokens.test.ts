import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '../../src/contract/endpoint.ts';
import { operations } from '../../src/contract/endpoints.ts';
import { problemSchema } from '../../src/contract/problem.ts';
import { decisions, deployerMay } from '../harness/deployer-decisions.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

const guarded = operations().filter(({ endpoint }) => endpoint.access.kind !== 'public');

function pathOf(endpoint: Endpoint, project: string): string {
  const values: Readonly<Record<string, string>> = { project, environment: 'production', number: '1' };
  return endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'x');
}

/** `may`, or the code of the refusal; what comes after it was let in is not looked at. */
async function verdict(
  api: ApiUnderTest,
  endpoint: Endpoint,
  at: { readonly token: string; readonly project: string },
) {
  const { token, project } = at;
  const answer = await api.request(endpoint.method, pathOf(endpoint, project), { token });
  if (answer.status < 400 || !(answer.headers.get('content-type') ?? '').includes('problem')) return 'may';
  const { code } = problemSchema.parse(await answer.json());
  return ['forbidden', 'not_found', 'unauthenticated'].includes(code) ? code : 'may';
}

test('rule 9.4: for every endpoint it is decided whether a token that may only deploy may call it', () => {
  assert.deepEqual(Object.keys(decisions).toSorted(), guarded.map(({ id }) => id).toSorted());
});

test('rule 9.4: a token that may only deploy reaches what is decided for it in its project, and nothing else', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  const token = api.platform.token('ci', 'deployer', 'my-app');
  for (const { id, endpoint } of guarded) {
    // A list of projects would tell what they are set to: it is refused by what answers it.
    if (id === 'projects.list') continue;
    const found = await verdict(api, endpoint, { token, project: 'my-app' });
    // There is such a deployment, but no such log.
    const expected = id === 'deployments.log' ? 'not_found' : 'may';
    assert.equal(found, deployerMay.has(id) ? expected : 'forbidden', id);
  }
  const listed = await (await api.request('GET', '/api/projects', { token })).json();
  assert.deepEqual(listed, { projects: [] });
});

test('rule 9.4: of another project it does not learn that there is one', async () => {
  await using api = await ApiUnderTest.start();
  await api.deploy();
  const body = { name: 'secret', repository: 'https://git.example/secret.git' };
  assert.equal((await api.request('POST', '/api/projects', { body })).status, 201);
  const token = api.platform.token('ci', 'deployer', 'secret');
  for (const { id, endpoint } of guarded) {
    if (endpoint.access.kind !== 'permission' || endpoint.access.on !== 'project') continue;
    const there = await verdict(api, endpoint, { token, project: 'my-app' });
    const nowhere = await verdict(api, endpoint, { token, project: 'no-such-project' });
    assert.deepEqual([there, nowhere], ['not_found', 'not_found'], id);
  }
  const queue = await (await api.request('GET', '/api/queue', { token })).json();
  assert.deepEqual(queue, { items: [], elsewhere: { waiting: 1, running: 0 } });
});
