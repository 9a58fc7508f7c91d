import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { WebhookDelivery, WebhookProvider } from '../../src/domain/webhook.ts';
import type { IncomingDelivery } from '../../src/engine/commands/webhook-commands.ts';
import { actor, owner, refusal } from '../conformance/store/configuration-bench.ts';
import { githubPush, githubSignature } from '../harness/github-deliveries.ts';
import { WebhookStage } from './webhook-stage.ts';

let stage: WebhookStage;
before(async () => {
  stage = await WebhookStage.open();
  stage.work();
  stage.work(stage.another());
});
after(() => stage[Symbol.asyncDispose]());

const repositoryOf = (name: string) => `https://git.example.test/team/${name}.git`;
const commit = (digit: string) => digit.repeat(40);
const environments = () => stage.configuration.commands.environments;

function codesOf({ projects }: WebhookDelivery): string[] {
  return projects.flatMap(({ project, outcomes }) =>
    outcomes.map(({ environment, code }) => `${project} ${environment ?? '-'} ${code}`),
  );
}

test('3.5 a push deploys the commit it names to every environment of its branch, on account of the pusher', async () => {
  const hook = await stage.project('push');
  await environments().create(owner, 'push', { name: 'staging', settings: { branch: 'main' } });
  await environments().create(owner, 'push', { name: 'next', settings: { branch: 'next' } });
  const payload = githubPush({ repository: repositoryOf('push'), commit: commit('a') });
  const { id, outcome } = await stage.deliver(hook, 'push', payload);
  assert.equal(outcome, 'accepted');
  assert.deepEqual(codesOf(await stage.worked(id)), ['push production deployed', 'push staging deployed']);
  const made = await stage.deployments('push');
  assert.deepEqual(
    made.map(({ source, trigger, environmentName }) => [environmentName, source, trigger]),
    ['production', 'staging'].map((name) => [
      name,
      { kind: 'git', repository: repositoryOf('push'), branch: 'main', requestedCommit: commit('a'), commit: null },
      { kind: 'push', by: 'ada (GitHub)', noCache: false },
    ]),
  );
});

function set(change: object): Promise<unknown> {
  return environments().update(owner, 'skipped', 'production', change);
}

function pushTo(name: string, digit: string): object {
  return githubPush({ repository: repositoryOf(name), commit: commit(digit) });
}

test('each push that is not deployed is on record with its reason', async () => {
  const hook = await stage.project('skipped');
  const reasons: string[] = [];
  const push = async (change: object) => {
    const payload = githubPush({ repository: repositoryOf('skipped'), commit: commit('b'), ...change });
    const delivery = await stage.worked((await stage.deliver(hook, 'push', payload)).id);
    reasons.push(
      ...delivery.projects.flatMap(({ outcomes }) => outcomes.map(({ code, reason }) => `${code}: ${reason}`)),
    );
  };
  await push({ branch: 'other' });
  await set({ autoDeploy: false });
  await push({});
  await set({ autoDeploy: true, watchPaths: ['apps/web/**', '!**/*.md'] });
  await push({ paths: ['docs/a.md', 'apps/web/readme.md'] });
  await push({ paths: ['apps/web/index.ts'], message: 'Words\n\n[skip ci]' });
  await push({ paths: ['apps/web/index.ts'] });
  await push({ paths: ['apps/web/index.ts'] });
  await sql`update environment set auto_deploy_held = 'rolled back to #1' where name = 'production'`.execute(
    stage.stores.database.db,
  );
  await push({ commit: commit('c') });
  await sql`update environment set auto_deploy_held = null`.execute(stage.stores.database.db);
  assert.deepEqual(reasons, [
    'no-environment: no environment has the branch "other"',
    'auto-deploy-off: auto-deploy of production is off',
    'unwatched-paths: none of the 2 changed paths is watched (apps/web/**, !**/*.md)',
    'skip-phrase: the message of the commit says [skip ci]',
    'deployed: deployed as #1',
    'commit-deployed: the commit is being deployed to production already, as #1',
    'auto-deploy-held: auto-deploy of production is held: rolled back to #1',
  ]);
  assert.equal((await stage.deployments('skipped')).length, 1);
});

test('section 10: the same delivery again is counted and does nothing, also under another number', async () => {
  const hook = await stage.project('replayed');
  const payload = githubPush({ repository: repositoryOf('replayed'), commit: commit('a') });
  const headers = { 'x-github-delivery': randomUUID() };
  const first = await stage.deliver(hook, 'push', payload, { headers });
  const again = await Promise.all([
    stage.deliver(hook, 'push', payload, { headers }),
    stage.deliver(hook, 'push', payload),
    stage.deliver(hook, 'push', { ...payload, after: commit('b') }, { headers }),
  ]);
  for (const { id, outcome } of again) assert.deepEqual([id, outcome], [first.id, 'replayed']);
  assert.equal((await stage.worked(first.id)).repeats, 3);
  assert.equal((await stage.deployments('replayed')).length, 1);
});

test('section 10: a delivery that is not signed with the secret is refused, and what is kept of such does not grow', async () => {
  const hook = await stage.project('forged');
  const payload = githubPush({ repository: repositoryOf('forged'), commit: commit('a') });
  const other = { ...hook, secret: 'another' };
  for (let n = 0; n < 40; n++)
    await assert.rejects(stage.deliver(other, 'push', payload), refusal('webhook_signature_invalid'));
  for (const headers of [{ 'x-hub-signature-256': undefined }, { 'x-hub-signature-256': 'sha256=00' }])
    await assert.rejects(stage.deliver(hook, 'push', payload, { headers }), refusal('webhook_signature_invalid'));
  const kept = await stage.deliveries('forged');
  assert.equal(kept.length, 5);
  for (const { state, verified, events, repository } of kept)
    assert.deepEqual([state, verified, events, repository], ['refused', false, [], null]);
  assert.deepEqual(await stage.deployments('forged'), []);
});

test('section 10: the body of what shows no signature, or comes to no webhook, is not read', async () => {
  const hook = await stage.project('unread');
  let read = 0;
  const body = async () => {
    read++;
    return new Uint8Array();
  };
  const send = (provider: WebhookProvider, headers: IncomingDelivery['headers'], hookId = hook.id) =>
    stage.webhooks.commands.receive({ provider, hookId, headers, body });
  const unsigned = refusal('webhook_signature_invalid');
  for (const headers of [{}, { 'x-hub-signature-256': 'sha256=00' }, { 'x-hub-signature-256': '0'.repeat(64) }])
    await assert.rejects(send('github', headers), unsigned);
  await assert.rejects(send('gitea', { 'x-gitea-signature': 'g'.repeat(64) }), unsigned);
  await assert.rejects(send('bitbucket', { 'x-hub-signature': '0'.repeat(64) }), unsigned);
  await assert.rejects(send('gitlab', { 'x-gitlab-token': '' }), unsigned);
  const shaped = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };
  await assert.rejects(send('github', shaped, 'nobody'), refusal('not_found'));
  assert.equal(read, 0);
  await assert.rejects(send('github', shaped), unsigned);
  assert.equal(read, 1);
});

test('a body that is signed and not what it says it is, is refused and on record as verified', async () => {
  const hook = await stage.project('garbled');
  await assert.rejects(stage.deliver(hook, 'push', { ref: 'refs/heads/main' }), refusal('invalid_input', /is no push/));
  await assert.rejects(
    stage.deliver(hook, 'push', 'x').then(() => stage.deliver(hook, 'push', [])),
    refusal('invalid_input'),
  );
  const [newest] = await stage.deliveries('garbled');
  assert.deepEqual([newest?.state, newest?.verified], ['refused', true]);
});

test("section 10: what one provider signed is nothing for another's rules, nor under the name of another event", async () => {
  const hook = await stage.project('cross');
  const payload = { ref: 'feature', ref_type: 'branch', repository: { clone_url: repositoryOf('cross') } };
  const first = await stage.deliver(hook, 'create', payload);
  assert.equal(first.outcome, 'ignored');
  const renamed = await stage.deliver(hook, 'delete', payload);
  assert.deepEqual([renamed.id, renamed.outcome], [first.id, 'replayed']);
  const body = JSON.stringify(payload);
  const headers = {
    'x-gitea-event': 'delete',
    'x-gitea-delivery': '2',
    'x-gitea-signature': githubSignature(body, hook.secret).slice('sha256='.length),
  };
  const other = { provider: 'gitea', headers, body } as const;
  await assert.rejects(stage.send(hook, other), refusal('not_found', /is of GitHub/));
  const renewed = await stage.webhooks.commands.putHook(owner, { project: 'cross' }, { replace: true });
  await assert.rejects(stage.send(renewed, other), refusal('webhook_signature_invalid'));
});

test('what the database cannot keep as it is, is kept all the same', async () => {
  const hook = await stage.project('odd');
  const [nul, half] = ['\0', '\ud800'];
  const payload = githubPush({
    repository: repositoryOf('odd'),
    commit: commit('a'),
    message: `one ${nul} two ${half} \\u0000`,
    paths: [`a${nul}b`, half],
  });
  const delivery = await stage.worked((await stage.deliver(hook, 'push', payload)).id);
  const [event] = delivery.events;
  assert.ok(event?.kind === 'push');
  assert.deepEqual([event.message, event.changedPaths], ['one \ufffd two \ufffd \\u0000', ['a\ufffdb', '\ufffd']]);
  const far = githubPush({ repository: `https://git.example.test/${'x'.repeat(5_000)}.git`, commit: commit('a') });
  assert.match((await stage.worked((await stage.deliver(hook, 'push', far)).id)).reason ?? '', /^it is about/);
  const text = new TextEncoder().encode(`{"a": ${nul}}`);
  const headers = { 'x-github-event': 'push', 'x-hub-signature-256': githubSignature(text, hook.secret) };
  await assert.rejects(stage.send(hook, { provider: 'github', headers, body: text }), refusal('invalid_input'));
  assert.equal((await stage.deliveries('odd'))[0]?.state, 'refused');
});

test('a delivery that cannot be kept is not answered as if it were, so that the provider sends it again', async () => {
  await using quiet = await WebhookStage.open();
  const hook = await quiet.project('offline');
  const payload = githubPush({ repository: repositoryOf('offline'), commit: commit('a') });
  await quiet.stores.postgres.cluster.stop();
  await assert.rejects(quiet.deliver(hook, 'push', payload), refusal('database_unavailable'));
});

test("a project's webhook does nothing for another repository, and says so", async () => {
  const hook = await stage.project('mine');
  const payload = githubPush({ repository: repositoryOf('theirs'), commit: commit('a') });
  const delivery = await stage.worked((await stage.deliver(hook, 'push', payload)).id, 'mine');
  assert.deepEqual([delivery.state, codesOf(delivery)], ['processed', []]);
  assert.match(delivery.reason ?? '', /it is about .*theirs.*; the repository of mine is .*mine/);
});

test("the platform's webhook is for every project of the repository, however its address is written, and of no other provider", async () => {
  await stage.project('shop-web', 'https://git.example.test/team/Shop.git');
  await stage.project('shop-api');
  await sql`update project set repository = 'git@git.example.test:team/shop.git' where name = 'shop-api'`.execute(
    stage.stores.database.db,
  );
  await stage.project('shop-else', 'https://git.example.test/other/shop');
  const { commands } = stage.webhooks;
  const hook = await commands.putHook(owner, { provider: 'github' }, { replace: false });
  const payload = githubPush({ repository: 'https://git.example.test/team/shop.git', commit: commit('a') });
  const delivery = await stage.worked((await stage.deliver(hook, 'push', payload)).id);
  assert.deepEqual(codesOf(delivery), ['shop-api production deployed', 'shop-web production deployed']);
  const unknown = githubPush({ repository: 'https://git.example.test/team/nothing.git', commit: commit('a') });
  const lost = await stage.worked((await stage.deliver(hook, 'push', unknown)).id);
  assert.equal(lost.reason, 'no project has the repository https://git.example.test/team/nothing.git');
  await assert.rejects(stage.send(hook, { provider: 'gitlab', headers: {}, body: '{}' }), refusal('not_found'));

  // Of a delivery that is about several projects each sees its own part alone, and repeats its own part alone.
  const viewer = actor('developer', 'shop-web');
  assert.deepEqual(codesOf(await commands.delivery(viewer, 'shop-web', delivery.id)), ['shop-web production deployed']);
  await assert.rejects(commands.delivery(viewer, null, delivery.id), refusal('forbidden'));
  await assert.rejects(commands.delivery(viewer, 'shop-api', delivery.id), refusal('not_found'));
  await assert.rejects(commands.delivery(viewer, 'shop-web', lost.id), refusal('not_found'));
  const copy = await commands.redeliver(viewer, 'shop-web', delivery.id);
  assert.deepEqual([copy.redeliveryOf, copy.redeliveredBy], [delivery.id, viewer.name]);
  assert.deepEqual(codesOf(await stage.worked(copy.id)), ['shop-web production commit-deployed']);
  assert.deepEqual(
    (await commands.deliveries(viewer, 'shop-web', { limit: 10 })).map(({ id }) => id),
    [copy.id, delivery.id],
  );
  const [first] = await commands.deliveries(viewer, 'shop-web', { limit: 1 });
  const older = await commands.deliveries(viewer, 'shop-web', { limit: 1, before: first?.sequence ?? 0 });
  assert.deepEqual(
    older.map(({ id }) => id),
    [delivery.id],
  );
});

test('what was refused or ignored cannot be delivered again', async () => {
  const hook = await stage.project('again');
  const { id } = await stage.deliver(hook, 'ping', { zen: 'Design for failure.' });
  const delivery = await stage.worked(id);
  assert.deepEqual([delivery.state, delivery.reason], ['ignored', 'GitHub asks whether somebody listens: it is so']);
  await assert.rejects(stage.webhooks.commands.redeliver(owner, 'again', id), refusal('delivery_not_repeatable'));
});

test('a new secret takes the place of the old one at the same address; a removed webhook answers nothing', async () => {
  const hook = await stage.project('secrets');
  const { commands } = stage.webhooks;
  assert.deepEqual(await commands.putHook(owner, { project: 'secrets' }, { replace: false }), hook);
  const renewed = await commands.putHook(owner, { project: 'secrets' }, { replace: true });
  assert.equal(renewed.id, hook.id);
  assert.notEqual(renewed.secret, hook.secret);
  await assert.rejects(stage.deliver(hook, 'ping', {}), refusal('webhook_signature_invalid'));
  assert.equal((await stage.deliver(renewed, 'ping', {})).outcome, 'ignored');
  await assert.rejects(commands.hook(actor('viewer', 'secrets'), { project: 'secrets' }), refusal('forbidden'));
  await assert.rejects(commands.hook(actor('developer'), { provider: 'gitea' }), refusal('forbidden'));
  const { rows } = await sql<{ sealed: string }>`select sealed from webhook`.execute(stage.stores.database.db);
  assert.ok(rows.every(({ sealed }) => !sealed.includes(renewed.secret)));
  await commands.removeHook(owner, { project: 'secrets' });
  await assert.rejects(stage.deliver(renewed, 'ping', {}), refusal('not_found'));
  assert.equal(await commands.hook(owner, { project: 'secrets' }), null);
});

test('2.4 deliveries of one repository are worked on in their order, each once, by two control planes; of many the last is deployed', async () => {
  const hook = await stage.project('order');
  const sent: string[] = [];
  for (let n = 0; n < 60; n++) {
    const sha = n.toString(16).padStart(40, '0').replace(/^0/, 'f');
    sent.push(sha);
    await stage.deliver(hook, 'push', githubPush({ repository: repositoryOf('order'), commit: sha }));
  }
  const deployed: string[] = [];
  for (const { id } of (await stage.deliveries('order')).toReversed()) {
    const delivery = await stage.worked(id);
    const [event] = delivery.events;
    const [code] = codesOf(delivery);
    if (code === 'order production deployed') deployed.push(event?.kind === 'push' ? event.commit : '');
    else assert.equal(code, 'order production superseded');
  }
  const made = await stage.deployments('order');
  const commits = made.map(({ source }) => (source.kind === 'git' ? source.requestedCommit : ''));
  assert.deepEqual(commits, deployed);
  assert.equal(commits.at(-1), sent.at(-1));
  assert.equal(made.filter(({ state }) => state === 'pending').length, 1);
});

test('2.4 a push gives way to a newer one that waits, and not to one that would not be deployed or is of another branch', async () => {
  await using quiet = await WebhookStage.open();
  const hook = await quiet.project('waiting');
  const repository = repositoryOf('waiting');
  const pushes = [
    { commit: commit('a') },
    { commit: commit('b') },
    { commit: commit('c'), message: 'Words [skip ci]' },
    { commit: commit('d'), branch: 'other' },
  ];
  const ids: string[] = [];
  for (const push of pushes) ids.push((await quiet.deliver(hook, 'push', githubPush({ repository, ...push }))).id);
  quiet.work();
  const codes: string[] = [];
  for (const id of ids) codes.push(...codesOf(await quiet.worked(id)));
  assert.deepEqual(codes, [
    'waiting production superseded',
    'waiting production deployed',
    'waiting production skip-phrase',
    'waiting - no-environment',
  ]);
});

test('each delivery is told of when it has been worked on, also where nothing was deployed, and from where one left off', async () => {
  await using quiet = await WebhookStage.open();
  const hook = await quiet.project('followed');
  await quiet.deliver(hook, 'ping', { before: 'anybody watched' });
  const stop = new AbortController();
  const { commands } = quiet.webhooks;
  const watch = commands.watchDeliveries(owner, 'followed', null, stop.signal)[Symbol.asyncIterator]();
  const first = watch.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await quiet.deliver(hook, 'push', pushTo('followed', 'a'));
  await quiet.deliver(hook, 'ping', { after: 'it' });
  quiet.work();
  const told = [(await first).value as WebhookDelivery, (await watch.next()).value as WebhookDelivery];
  assert.deepEqual(
    told.map(({ state, name }) => [state, name]),
    [
      ['processed', 'push'],
      ['ignored', 'ping'],
    ],
  );
  const later = commands.watchDeliveries(owner, 'followed', told[0]?.sequence ?? 0, stop.signal);
  const again = later[Symbol.asyncIterator]();
  assert.equal(((await again.next()).value as WebhookDelivery).id, told[1]?.id);
  const end = watch.next();
  stop.abort();
  assert.equal((await end).done, true);
});
