import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { applyPush } from '../../src/engine/commands/apply-push.ts';
import { createWebhookStore } from '../../src/store/webhooks.ts';
import { githubPush } from '../harness/github-deliveries.ts';
import { WebhookStage } from './webhook-stage.ts';

let stage: WebhookStage;
before(async () => {
  stage = await WebhookStage.open();
  stage.work();
});
after(() => stage[Symbol.asyncDispose]());

const repositoryOf = (name: string) => `https://git.example.test/team/${name}.git`;
const commit = (digit: string) => digit.repeat(40);

/** Pushes to the project, each answered with the code of its only outcome. */
async function pusher(name: string) {
  const hook = await stage.project(name);
  return async (digit: string, change: object = {}): Promise<string> => {
    const payload = githubPush({ repository: repositoryOf(name), commit: commit(digit), ...change });
    const { id, projects } = await stage.worked((await stage.deliver(hook, 'push', payload)).id);
    return projects.flatMap(({ outcomes }) => outcomes.map(({ code }) => code)).join() || `nothing of ${id}`;
  };
}

/** As when the deployment of that number has been rolled out. */
async function serve(name: string, number: number): Promise<void> {
  const { db } = stage.stores.database;
  await sql`
    with now_current as (
      update deployment set state = 'completed'
      where number = ${number} and project_id = (select id from project where name = ${name})
      returning id, environment_id
    )
    update environment e set current_deployment_id = n.id from now_current n where e.id = n.environment_id`.execute(db);
}

test('3.5 a branch that goes back to what serves, while something newer is on its way, is deployed as it is now', async () => {
  const push = await pusher('back');
  assert.equal(await push('a'), 'deployed');
  await serve('back', 1);
  assert.equal(await push('b', { before: commit('a') }), 'deployed');
  assert.equal(await push('a', { before: commit('b'), forced: true }), 'deployed');
  const made = await stage.deployments('back');
  assert.deepEqual(
    made.map(({ state, source }) => [state, source.kind === 'git' ? source.requestedCommit : null]),
    [
      ['completed', commit('a')],
      ['cancelled', commit('b')],
      ['pending', commit('a')],
    ],
  );
  assert.equal(await push('a', { before: commit('b'), forced: true }), 'commit-deployed', 'it is on its way');
});

test('5.7 a push whose environment is held after it was looked at is not deployed, and the outcome says so', async () => {
  await stage.project('race');
  const project = await stage.stores.configuration.projects.find('race');
  assert.ok(project);
  const { configuration, store, ...dependencies } = stage.workDependencies();
  const list = async (id: string) => {
    const found = await configuration.environments.list(id);
    await sql`update environment set auto_deploy_held = 'rolled back to #1' where project_id = ${id}`.execute(
      stage.stores.database.db,
    );
    return found;
  };
  const environments = { ...configuration.environments, list };
  const outcomes = await applyPush(
    { ...dependencies, commits: store, configuration: { ...configuration, environments } },
    {
      project,
      by: 'ada (GitHub)',
      onceKey: 'race',
      event: {
        kind: 'push',
        branch: 'main',
        commit: commit('a'),
        before: null,
        message: 'A change',
        skipPhrase: null,
        author: { name: 'Ada', email: null },
        changedPaths: null,
      },
    },
  );
  assert.deepEqual(
    outcomes.map(({ code, reason }) => [code, reason]),
    [['auto-deploy-held', 'auto-deploy of production is held: rolled back to #1']],
  );
  assert.deepEqual(await stage.deployments('race'), []);
});

test('section 10: a push that comes late or once more does not take the branch back', async () => {
  const push = await pusher('late');
  assert.equal(await push('b', { before: commit('a') }), 'deployed');
  assert.equal(await push('a', { before: commit('9') }), 'older-push');
  assert.equal(await push('c', { before: commit('b') }), 'deployed');
  assert.equal(await push('b', { before: commit('a') }), 'older-push');
  assert.equal(await push('b', { before: commit('c'), forced: true }), 'deployed', 'the branch goes back');
  assert.equal(await push('d', { before: commit('8') }), 'deployed', 'what came between was never told of');
  assert.equal(await push('d', { before: commit('b') }), 'commit-deployed');
});

test('a branch that was deleted and made again begins anew', async () => {
  const hook = await stage.project('anew');
  const send = async (change: object) => {
    const payload = { ...githubPush({ repository: repositoryOf('anew'), commit: commit('a') }), ...change };
    const { projects } = await stage.worked((await stage.deliver(hook, 'push', payload)).id);
    return projects.flatMap(({ outcomes }) => outcomes.map(({ code }) => code)).join();
  };
  await send({});
  await send({ after: commit('b'), before: commit('a') });
  await send({ deleted: true, after: '0'.repeat(40), before: commit('b') });
  assert.equal(await send({ created: true, before: '0'.repeat(40) }), 'deployed');
});

test('section 10: a delivery is known again also when it is not kept any more; what was ignored takes no place of others', async () => {
  const hook = await stage.project('old');
  const old = githubPush({ repository: repositoryOf('old'), commit: commit('a') });
  const headers = { 'x-github-delivery': 'the-first' };
  const { id } = await stage.deliver(hook, 'push', old, { headers });
  await stage.worked(id);
  for (let n = 0; n < 3; n++) await stage.deliver(hook, 'star', { n });
  const store = createWebhookStore(stage.stores.database.db);
  const limits = { days: 30, knownDays: 400, newest: 1, newestIgnored: 2, newestRefused: 3 };
  await store.prune(limits);
  assert.equal((await stage.worked(id)).state, 'processed', 'the ignored ones are newer');
  await store.prune({ ...limits, newest: 0 });
  const copies = [
    await stage.deliver(hook, 'push', old),
    await stage.deliver(hook, 'push', { ...old, after: commit('b') }, { headers }),
  ];
  for (const again of copies) assert.equal(again.outcome, 'replayed');
});
