import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';
import { addresses, checkouts, containersOf } from './world.ts';

/** Rule 2.2: cancel while `release` runs, before any instance is started. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

test('2.2 running, in the release step: cancelled within 2 s although it does not listen to SIGTERM, and nothing is left', async () => {
  const deaf = "process.on('SIGTERM', () => {}); console.log('expanding'); setInterval(() => {}, 1000);\n";
  const repository = await stage.project('shop', answering('one'));
  await stage.deploy('shop');
  await repository.commit({
    ...answering('two'),
    'release.js': deaf,
    'cutover.yaml': 'release: [node, release.js]\n',
  });
  const number = await stage.trigger('shop');
  await stage.until('the release to run', async () => {
    const { instances } = await stage.detail('shop', number);
    const release = instances.find(({ process }) => process === 'release');
    if (release === undefined) return null;
    const log = await stage.log('shop', number, release.id).catch(() => '');
    return log.includes('expanding') ? true : null;
  });
  const began = performance.now();
  const path = `/api/projects/shop/deployments/${number}/cancel`;
  const { body } = await stage.call<WireDeployment>('POST', path);
  const tookMs = performance.now() - began;
  assert.deepEqual([body.state, body.reason], ['cancelled', 'cancelled by a user']);
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
  assert.equal((await containersOf(stage.platform, 'shop')).length, 1);
  assert.deepEqual(await checkouts(stage.platform), []);
  const { router, containers } = await addresses(stage.platform);
  assert.deepEqual(router, containers);
  assert.equal((await stage.visit('shop.localhost')).body, 'one');
});
