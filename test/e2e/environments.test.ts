import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';
import { addresses, containersOf, imagesOf, routerState } from './world.ts';

/** A second environment beside production: what it shares, and what it does not. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const hosts = { production: 'shop.localhost', staging: 'staging-shop.localhost' };

async function variable(host: string, name: string): Promise<string | undefined> {
  return (JSON.parse((await stage.visit(host, '/env')).body) as Record<string, string>)[name];
}

test('4.1 an environment of its own has its own branch, host and variables, and deploys beside production', async () => {
  const repository = await stage.project('shop', answering('main'));
  await repository.commit(answering('next'), { branch: 'next' });
  await stage.must('POST', '/api/projects/shop/environments', { name: 'staging', settings: { branch: 'next' } });
  await stage.must('PUT', '/api/projects/shop/variables', {
    variables: [{ name: 'SHARED', value: 'project', secret: false }],
  });
  for (const environment of ['production', 'staging']) {
    await stage.must('PUT', `/api/projects/shop/environments/${environment}/variables`, {
      variables: [{ name: 'LEVEL', value: environment, secret: false }],
    });
  }
  // In this order, so that #1 is production's; both are then deployed side by side.
  const numbers = [await stage.trigger('shop'), await stage.trigger('shop', { environment: 'staging' })];
  await Promise.all(numbers.map((number) => stage.untilState('shop', number, ['running', 'deploying', 'completed'])));
  const details = await Promise.all(numbers.map((number) => stage.settle('shop', number)));
  assert.deepEqual(
    details.map(({ deployment }) => deployment.state),
    ['completed', 'completed'],
  );
  assert.match(details[1]?.url ?? '', /^http:\/\/staging-shop\.localhost/);
  assert.deepEqual((await stage.visit(hosts.production)).body, 'main');
  assert.deepEqual((await stage.visit(hosts.staging)).body, 'next');
  for (const [environment, host] of Object.entries(hosts)) {
    assert.equal(await variable(host, 'LEVEL'), environment);
    assert.equal(await variable(host, 'SHARED'), 'project');
    assert.equal(await variable(host, 'CUTOVER_ENVIRONMENT'), environment);
  }
});

test('a deployment of one environment leaves the other as it is', async () => {
  const again = await stage.deploy('shop', { environment: 'staging' });
  assert.equal(again.deployment.state, 'completed');
  assert.equal((await stage.detail('shop', 1)).deployment.state, 'completed');
  assert.deepEqual((await stage.visit(hosts.production)).body, 'main');
});

async function isGone(environment: string): Promise<true | null> {
  const containers = (await containersOf(stage.platform, 'shop')).filter(
    ({ Labels }) => Labels['cutover.environment'] === environment,
  );
  const { routes } = await routerState(stage.platform);
  const { status } = await stage.visit(`${environment}-shop.localhost`);
  const hosted = routes.some(([host]) => host.startsWith(`${environment}-`));
  return containers.length === 0 && !hosted && status === 404 ? true : null;
}

let stagingDeployment = '';

test('an environment that is deleted leaves nothing, and production serves on', async () => {
  const built = await stage.detail('shop', 2);
  stagingDeployment = built.deployment.id;
  assert.equal((await imagesOf(stagingDeployment)).length, 1);
  await stage.must('DELETE', '/api/projects/shop/environments/staging');
  await stage.until('staging to be gone', () => isGone('staging'));
  const { router, containers } = await addresses(stage.platform);
  assert.deepEqual(router, containers);
  assert.equal(router.length, 1);
  assert.equal((await stage.call('GET', '/api/projects/shop/environments/staging')).status, 404);
  assert.equal((await stage.visit(hosts.production)).body, 'main');
});

test('an image that only the deleted environment ran goes with it', async () => {
  await stage.until(
    'the image to be gone',
    async () => ((await imagesOf(stagingDeployment)).length === 0 ? true : null),
    15_000,
  );
});

test('an image that production runs stays when another environment that ran it is deleted', async () => {
  await stage.must('POST', '/api/projects/shop/environments', { name: 'mirror' });
  const mirrored = await stage.deploy('shop', { environment: 'mirror' });
  const production = await stage.detail('shop', 1);
  assert.deepEqual(mirrored.deployment.artifact, production.deployment.artifact, 'the same commit, the same image');
  await stage.must('DELETE', '/api/projects/shop/environments/mirror');
  await stage.until('the mirror to be gone', () => isGone('mirror'));
  await stage.until('its rows to be gone', async () =>
    (await stage.call('GET', '/api/projects/shop/environments/mirror')).status === 404 ? true : null,
  );
  const { artifact } = production.deployment;
  await new Docker().getImage(artifact?.type === 'image' ? artifact.imageId : '').inspect();
  assert.equal((await stage.visit(hosts.production)).body, 'main');
  assert.equal((await stage.deploy('shop')).deployment.state, 'completed');
});
