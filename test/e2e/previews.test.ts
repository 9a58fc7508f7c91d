import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WirePreview } from '../../src/contract/schemas/preview.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';
import { containersOf, routerState } from './world.ts';

/** Rule 6 over the API, with real builds, containers and traffic. */
let stage: Stage;
let repository: TestRepository;
before(async () => {
  stage = await Stage.open();
  repository = await stage.project('shop', answering('main'));
});
after(() => stage[Symbol.asyncDispose]());

const base = '/api/projects/shop';
const host = 'pr-42-shop.localhost';
const get = (name: string) => stage.must<WirePreview>('GET', `${base}/previews/${name}`);

function serves(text: string, headers: Record<string, string> = {}): Promise<true> {
  return stage.until(`${host} to serve ${text}`, async () => {
    const { status, body } = await stage.visit(host, '/', headers);
    return status === 200 && body === text ? true : null;
  });
}

test('a pull request is shown at its host, updated in place, and asks for the password', async () => {
  const first = await repository.commit(answering('first'), { branch: 'login' });
  await stage.must('PUT', `${base}/environments/production/variables`, {
    variables: [{ name: 'DATABASE', value: 'production', secret: true }],
  });
  await stage.must('PUT', `${base}/preview-variables`, {
    variables: [{ name: 'CACHE', value: 'previews', secret: true }],
  });
  const body = { pullRequest: 42, branch: 'login', commit: first };
  const opened = await stage.must<WirePreview>('POST', `${base}/previews`, body);
  assert.equal(opened.address, `http://${host}:${stage.platform.routerPort}`);
  await serves('first');
  const { headers } = await stage.visit(host);
  assert.equal(headers['x-robots-tag'], 'noindex');
  const variables = JSON.parse((await stage.visit(host, '/env')).body) as Record<string, string>;
  assert.deepEqual([variables['DATABASE'], variables['CACHE']], [undefined, 'previews']);
  assert.equal(variables['CUTOVER_ENVIRONMENT'], 'pr-42');

  await stage.must('PATCH', `${base}/preview-settings`, { password: 'correct horse' });
  await stage.until('the password to be asked for', async () =>
    (await stage.visit(host)).status === 401 ? true : null,
  );
  const second = await repository.commit(answering('second'), { branch: 'login' });
  await stage.must('POST', `${base}/previews`, { ...body, commit: second });
  const authorization = `Basic ${Buffer.from('preview:correct horse').toString('base64')}`;
  await serves('second', { authorization });
  assert.equal((await stage.visit('shop.localhost')).status, 404, 'production was never deployed');
});

test('what is asked for while the control plane is killed is there afterwards, once, and goes when it is closed', async () => {
  const commit = await repository.commit(answering('third'), { branch: 'other' });
  const asking = stage.call('POST', `${base}/previews`, { pullRequest: 43, branch: 'other', commit });
  await stage.must('DELETE', `${base}/previews/pr-42`);
  await asking;
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  await stage.until('pr-43 to be completed', async () =>
    (await get('pr-43')).deployment?.state === 'completed' ? true : null,
  );
  await stage.until('pr-42 to be gone', async () => ((await get('pr-42')).state === 'closed' ? true : null));
  const environments = (await containersOf(stage.platform, 'shop')).map(({ Labels }) => Labels['cutover.environment']);
  assert.deepEqual(environments, ['pr-43']);
  const { routes } = await routerState(stage.platform);
  assert.deepEqual(
    routes.map(([name]) => name),
    ['pr-43-shop.localhost'],
  );
  assert.equal((await get('pr-43')).deployment?.number, 3);
});
