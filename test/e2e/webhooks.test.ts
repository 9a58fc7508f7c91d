import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
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

test('5.9 a delivery that was answered is deployed once, whenever the control plane dies after the answer', async () => {
  const repository = await stage.project('mortal', answering('one'));
  const hook = await hookOf('mortal');
  const commits: string[] = [];
  const answers: (string | undefined)[] = [];
  for (const delayMs of [0, 3, 10]) {
    const commit = await repository.commit(answering(`after ${delayMs}`));
    commits.push(commit);
    const { status, body } = await deliverAsGithub(hook, {
      event: 'push',
      payload: githubPush({ repository: repository.url, commit }),
    });
    assert.equal(status, 202);
    answers.push(body.id);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await stage.platform.killControlPlane();
    await stage.platform.startControlPlane();
  }
  const deployed: string[] = [];
  for (const [n, id] of answers.entries()) {
    const [outcome] = outcomesOf(await processed('mortal', id));
    if (outcome?.[2] === 'deployed') deployed.push(commits[n] ?? '');
    else assert.deepEqual(outcome, ['production', 'not-deployed', 'superseded']);
  }
  const { deployments } = await stage.must<{ deployments: WireDeployment[] }>(
    'GET',
    '/api/projects/mortal/deployments',
  );
  const asked = deployments.toReversed().map(({ source }) => (source.kind === 'git' ? source.requestedCommit : null));
  assert.deepEqual(asked, deployed, 'each that was to be deployed is, once');
  assert.equal(asked.at(-1), commits.at(-1));
  const last = await stage.settle('mortal', asked.length);
  assert.equal(last.deployment.state, 'completed', JSON.stringify(last.deployment.failure));
  assert.equal((await stage.visit('mortal.localhost')).body, 'after 10');
});

test('2.4 of many pushes in a row each is answered, and the last commit is what serves', async () => {
  const repository = await stage.project('busy', answering('one'));
  const hook = await hookOf('busy');
  const commits: string[] = [];
  for (let n = 1; n <= 12; n++) commits.push(await repository.commit(answering(`push ${n}`)));
  const answers = [];
  for (const commit of commits) {
    const payload = githubPush({ repository: repository.url, commit });
    answers.push(await deliverAsGithub(hook, { event: 'push', payload }));
  }
  assert.ok(answers.every(({ status, body }) => status === 202 && body.outcome === 'accepted'));
  const newest = await processed('busy', answers.at(-1)?.body.id);
  const last = await stage.settle('busy', newest.projects[0]?.outcomes[0]?.deployment ?? 0);
  assert.equal(last.deployment.source.kind === 'git' && last.deployment.source.commit?.sha, commits.at(-1));
  assert.equal((await stage.visit('busy.localhost')).body, 'push 12');
  const { deployments } = await stage.must<{ deployments: WireDeployment[] }>('GET', '/api/projects/busy/deployments');
  const built = deployments.filter(({ startedAt }) => startedAt !== null);
  assert.ok(built.length <= 2, `${built.length} were built`);
});
