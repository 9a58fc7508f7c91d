import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { test } from 'node:test';
import Docker from 'dockerode';
import { createDockerImageStock } from '../../src/drivers/runtime/docker/image-stock.ts';
import { baseImage, dockerSocket } from '../harness/images.ts';

const signal = AbortSignal.timeout(60_000);
const docker = new Docker({ socketPath: dockerSocket });
const platformId = `test-${randomBytes(4).toString('hex')}`;
const stock = createDockerImageStock({ socketPath: dockerSocket, platformId });

/** An image of a platform, with one small layer of its own. */
async function makeImage(platform: string, tag: string) {
  const container = await docker.createContainer({ Image: await baseImage('node') });
  try {
    const changes = `LABEL cutover.platform=${platform} cutover.deployment=d-${tag}`;
    const { Id } = (await container.commit({ repo: platformId, tag, changes })) as { Id: string };
    return { Id, [Symbol.asyncDispose]: () => docker.getImage(Id).remove({ force: true }) };
  } finally {
    await container.remove();
  }
}

test('it lists the images with the label of this platform, with their size, their names and their deployment, and no others', async () => {
  assert.deepEqual(await stock.images(signal), []);
  await using mine = await makeImage(platformId, 'one');
  await using _theirs = await makeImage(`${platformId}-2`, 'two');
  const [found, ...others] = await stock.images(signal);
  assert.deepEqual(
    [found?.imageId, found?.tags, found?.deploymentId, others],
    [mine.Id, [`${platformId}:one`], 'd-one', []],
  );
  assert.ok((found?.sizeBytes ?? 0) > 1_000_000);
  await docker.getImage(mine.Id).tag({ repo: platformId, tag: 'again' });
  await docker.getImage(`${platformId}:one`).remove();
  assert.deepEqual((await stock.images(signal))[0]?.tags, [`${platformId}:again`]);
});

test('it says what all layers take together, and where the engine keeps them', async () => {
  const bytes = await stock.layerBytes(signal);
  assert.ok(bytes === null || bytes > 1_000_000);
  assert.ok(isAbsolute(await stock.directory(signal)));
});

test('an engine that does not answer is said so', async () => {
  const away = createDockerImageStock({ socketPath: '/nowhere/docker.sock', platformId });
  const gone = { code: 'runtime_unavailable' };
  await assert.rejects(away.images(signal), gone);
  await assert.rejects(away.layerBytes(signal), gone);
  await assert.rejects(away.directory(signal), gone);
});
