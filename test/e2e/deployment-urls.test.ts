import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WirePreview } from '../../src/contract/schemas/preview.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';
import { containersOf, routerState } from './world.ts';

/** Rule 6: a URL that stays with one deployment of a preview, with real builds, containers and traffic. */
let stage: Stage;
let repository: TestRepository;
before(async () => {
  stage = await Stage.open();
  repository = await stage.project('shop', answering('main'));
  await stage.must('PATCH', `${base}/preview-settings`, { deploymentUrls: 2, sleepAfterMs: 1_000 });
});
after(() => stage[Symbol.asyncDispose]());

const base = '/api/projects/shop';
const get = (name: string) => stage.must<WirePreview>('GET', `${base}/previews/${name}`);

/** Resolves to the number of the deployment, which has its URL then. */
async function push(text: string): Promise<number> {
  const commit = await repository.commit(answering(text), { branch: 'login' });
  await stage.must('POST', `${base}/previews`, { pullRequest: 42, branch: 'login', commit });
  return stage.until(`${text} to have its URL`, async () => {
    const { deployment, deploymentUrls } = await get('pr-42');
    if (deployment?.state !== 'completed' || !(await shows('pr-42-shop.localhost', text))) return null;
    const [newest] = deploymentUrls;
    return newest?.number === deployment.number && (await shows(hostOf(newest.number), text)) ? newest.number : null;
  });
}

const hostOf = (number: number) => `pr-42-${number}-shop.localhost`;

async function shows(host: string, text: string): Promise<boolean> {
  const { status, body } = await stage.visit(host);
  return status === 200 && body === text;
}

test('rule 6: each deployment of a preview stays at a URL of its own, asleep and awake, until newer ones have taken its place', async () => {
  const first = await push('first');
  const second = await push('second');
  assert.ok(await shows(hostOf(first), 'first'));
  await stage.until('what nobody looks at to sleep', async () =>
    (await get(`pr-42-${first}`)).asleepSince === null ? null : true,
  );
  await stage.until('its container to be gone', async () => {
    const containers = await containersOf(stage.platform, 'shop');
    return containers.some(({ Labels }) => Labels['cutover.environment'] === `pr-42-${first}`) ? null : true;
  });
  assert.ok(await shows(hostOf(first), 'first'), 'it is woken');
  assert.equal((await stage.visit(hostOf(first))).headers['x-robots-tag'], 'noindex');
  const third = await push('third');
  assert.ok(await shows(hostOf(second), 'second'));
  await stage.until('the first to be gone', async () =>
    (await stage.visit(hostOf(first))).status === 404 ? true : null,
  );
  assert.deepEqual(
    (await get('pr-42')).deploymentUrls.map(({ number }) => number),
    [third, second],
  );
  const refused = await stage.call('POST', `${base}/trigger-pipeline`, { environment: `pr-42-${third}` });
  assert.equal(refused.status, 400);
});

test('rule 6: they go with their preview, also where the control plane is killed meanwhile', async () => {
  await stage.must('DELETE', `${base}/previews/pr-42`);
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  await stage.until('all of it to be gone', async () => {
    const containers = await containersOf(stage.platform, 'shop');
    const { routes } = await routerState(stage.platform);
    return containers.length === 0 && routes.length === 0 ? true : null;
  });
});
