import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireDelivery, WireWebhook } from '../../src/contract/schemas/webhook.ts';
import { deliverAsGithub, githubPush, type HookAddress } from '../harness/github-deliveries.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

async function hookOf(project: string): Promise<HookAddress> {
  const { paths, secret } = await stage.must<WireWebhook>('PUT', `/api/projects/${project}/webhook`, {});
  return { url: `${stage.platform.apiUrl}${paths.github}`, secret };
}

function processed(project: string, id: string | undefined): Promise<WireDelivery> {
  return stage.until(`delivery ${id} to be worked on`, async () => {
    const delivery = await stage.must<WireDelivery>('GET', `/api/projects/${project}/webhook-deliveries/${id}`);
    return delivery.state === 'pending' ? null : delivery;
  });
}

const outcomesOf = ({ projects }: WireDelivery) =>
  projects.flatMap(({ outcomes }) => outcomes.map(({ environment, result, code }) => [environment, result, code]));

test('2.3, 3.5 a signed push deploys the very commit that was pushed, on account of who pushed it; the same again does nothing', async () => {
  const repository = await stage.project('shop', answering('one'));
  const commit = await repository.commit(answering('two'));
  await repository.commit(answering('three'));
  const hook = await hookOf('shop');
  const payload = githubPush({ repository: repository.url, commit });
  const first = await deliverAsGithub(hook, { event: 'push', payload, id: 'delivery-1' });
  assert.deepEqual([first.status, first.body.outcome], [202, 'accepted']);

  const delivery = await processed('shop', first.body.id);
  assert.deepEqual(outcomesOf(delivery), [['production', 'deployed', 'deployed']]);
  const { deployment } = await stage.settle('shop', delivery.projects[0]?.outcomes[0]?.deployment ?? 0);
  assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  assert.deepEqual(deployment.trigger, { kind: 'push', by: 'ada (GitHub)', noCache: false });
  assert.equal((await stage.visit('shop.localhost')).body, 'two');

  const again = await deliverAsGithub(hook, { event: 'push', payload, id: 'delivery-1' });
  assert.deepEqual([again.status, again.body.outcome, again.body.id], [202, 'replayed', first.body.id]);
  const renumbered = await deliverAsGithub(hook, { event: 'push', payload, id: 'delivery-2' });
  assert.deepEqual([renumbered.body.outcome, renumbered.body.id], ['replayed', first.body.id]);
  assert.equal((await processed('shop', first.body.id)).repeats, 2);
  const { deployments } = await stage.must<{ deployments: unknown[] }>('GET', '/api/projects/shop/deployments');
  assert.equal(deployments.length, 1);
});
