import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { sql } from 'kysely';
import { CutoverError } from '../../src/domain/errors.ts';
import type { WebhookDelivery } from '../../src/domain/webhook.ts';
import { workOnDelivery } from '../../src/engine/commands/webhook-work.ts';
import type { NewDelivery, PendingDelivery } from '../../src/engine/ports/webhook-store.ts';
import { keepDelivery } from '../../src/store/webhook-deliveries.ts';
import { createWebhookStore } from '../../src/store/webhooks.ts';
import { actor, owner, refusal } from '../conformance/store/configuration-bench.ts';
import { githubPush } from '../harness/github-deliveries.ts';
import { WebhookStage } from './webhook-stage.ts';

const repositoryOf = (name: string) => `https://git.example.test/team/${name}.git`;
const commit = (digit: string) => digit.repeat(40);

function codesOf({ projects }: WebhookDelivery): string[] {
  return projects.flatMap(({ project, outcomes }) =>
    outcomes.map(({ environment, code }) => `${project} ${environment ?? '-'} ${code}`),
  );
}

function pushTo(name: string, digit: string): object {
  return githubPush({ repository: repositoryOf(name), commit: commit(digit) });
}

test('a delivery whose work breaks off is worked on again, and what was done already is not done twice', async () => {
  await using quiet = await WebhookStage.open();
  const hook = await quiet.project('broken');
  const payload = githubPush({ repository: repositoryOf('broken'), commit: commit('a') });
  const { id } = await quiet.deliver(hook, 'push', payload);
  const store = createWebhookStore(quiet.stores.database.db);
  const breakOff = async (delivery: PendingDelivery) => {
    await workOnDelivery(quiet.workDependencies(), delivery);
    // As if the process had died: nothing of it is kept.
    throw new CutoverError('database_unavailable', 'gone');
  };
  await assert.rejects(store.next(breakOff), refusal('database_unavailable'));
  assert.equal((await quiet.deployments('broken')).length, 1);
  quiet.work();
  assert.deepEqual(codesOf(await quiet.worked(id)), ['broken production deployed']);
  assert.equal((await quiet.deployments('broken')).length, 1);
});

test('a delivery that cannot be worked on is tried again, holds up nothing, and is given up with the reason', async () => {
  await using quiet = await WebhookStage.open();
  const { db } = quiet.stores.database;
  const store = createWebhookStore(db);
  const hook = await quiet.project('stuck');
  const stuck = await quiet.deliver(hook, 'push', pushTo('stuck', 'a'));
  const next = await quiet.deliver(hook, 'push', pushTo('stuck', 'b'));
  const worked: string[] = [];
  const fail = async ({ id }: PendingDelivery) => {
    worked.push(id);
    throw new Error('no way');
  };
  assert.equal(await store.next(fail), true);
  assert.equal(await store.next(async ({ id }) => (worked.push(id), { reason: null, projects: [] })), true);
  assert.equal(await store.next(fail), false, 'it is not its time yet');
  assert.deepEqual(worked, [stuck.id, next.id]);
  for (let attempt = 2; attempt <= 8; attempt++) {
    await sql`update webhook_delivery set not_before = now()`.execute(db);
    await store.next(fail);
  }
  const given = await quiet.worked(stuck.id);
  assert.deepEqual([given.state, given.reason], ['failed', 'no way']);
  quiet.work();
  const again = async ({ id }: { readonly id: string }) =>
    codesOf(await quiet.worked((await quiet.webhooks.commands.redeliver(owner, 'stuck', id)).id));
  assert.deepEqual(await again(stuck), ['stuck production older-push']);
  assert.deepEqual(await again(next), ['stuck production deployed']);
});

test('an attempt counts also where the database let go of the delivery meanwhile', async () => {
  await using quiet = await WebhookStage.open();
  const { db } = quiet.stores.database;
  const store = createWebhookStore(db);
  const hook = await quiet.project('lost');
  const { id } = await quiet.deliver(hook, 'push', pushTo('lost', 'a'));
  const lose = async () => {
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where state = 'idle in transaction' and datname = current_database()`.execute(db);
    return { reason: null, projects: [] };
  };
  for (let attempt = 1; attempt <= 8; attempt++) {
    await sql`update webhook_delivery set not_before = now()`.execute(db);
    await store.next(lose).catch((error: unknown) => assert.ok(error instanceof CutoverError));
  }
  assert.equal((await quiet.worked(id)).state, 'failed');
});

test('what goes wrong for one project is told to that one alone, tried again for it alone, and keeps nobody waiting', async () => {
  await using quiet = await WebhookStage.open();
  const { db } = quiet.stores.database;
  const shared = repositoryOf('shared');
  for (const name of ['ill', 'well']) await quiet.project(name, shared);
  const hook = await quiet.webhooks.commands.putHook(owner, { provider: 'github' }, { replace: false });
  const garbled = sql`
    insert into variable (id, project_id, name, sealed, secret)
    select gen_random_uuid(), id, 'KEY', 'garbled', false from project where name = 'ill'`;
  await garbled.execute(db);
  quiet.work();
  const first = await quiet.deliver(hook, 'push', githubPush({ repository: shared, commit: commit('a') }));
  const { id } = await quiet.deliver(hook, 'push', githubPush({ repository: shared, commit: commit('b') }));
  const deadline = performance.now() + 10_000;
  const { commands } = quiet.webhooks;
  const codes = async (delivery: string) => codesOf(await commands.delivery(owner, null, delivery));
  while ((await codes(id)).length < 2 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await codes(id), ['ill - failed', 'well production deployed']);
  const seen = await commands.delivery(actor('viewer', 'well'), 'well', id);
  assert.deepEqual([codesOf(seen), seen.reason], [['well production deployed'], null]);
  await sql`delete from variable`.execute(db);
  await sql`update webhook_delivery set not_before = now()`.execute(db);
  assert.deepEqual(codesOf(await quiet.worked(id)), ['ill production deployed', 'well production deployed']);
  const [late] = codesOf(await quiet.worked(first.id));
  assert.equal(late, 'ill production superseded');
  assert.equal((await quiet.deployments('ill')).length, 1);
});

test('no more deliveries wait than may, and whoever sends more is told to send them again', async () => {
  await using quiet = await WebhookStage.open();
  const hook = await quiet.project('crowded');
  const store = createWebhookStore(quiet.stores.database.db);
  for (const digit of ['a', 'b']) await quiet.deliver(hook, 'push', pushTo('crowded', digit));
  const [waiting] = (await store.behind((await quiet.deliveries('crowded')).at(-1)?.id ?? '', 1)).values();
  assert.ok(waiting !== undefined);
  const delivery: NewDelivery = {
    id: randomUUID(),
    hookId: hook.id,
    projectId: null,
    provider: 'github',
    state: 'pending',
    verified: true,
    reason: null,
    key: 'another',
    digest: null,
    queue: `${hook.id} git.example.test/team/crowded`,
    reading: waiting.reading,
    repeats: 0,
  };
  const { db } = quiet.stores.database;
  await assert.rejects(keepDelivery(db, delivery, 2), refusal('too_busy'));
  assert.equal((await keepDelivery(db, { ...delivery, state: 'ignored' }, 2)).replayed, false);
  assert.equal((await keepDelivery(db, { ...delivery, id: randomUUID() }, 2)).replayed, true, 'that is known');
  assert.equal((await keepDelivery(db, { ...delivery, id: randomUUID(), key: 'more' }, 3)).replayed, false);
});

test('old deliveries go, of each webhook beyond the newest, and those that wait never', async () => {
  await using quiet = await WebhookStage.open();
  const { db } = quiet.stores.database;
  const store = createWebhookStore(db);
  const hook = await quiet.project('many');
  for (let n = 0; n < 8; n++) await quiet.deliver(hook, 'ping', { n });
  await quiet.deliver(hook, 'push', githubPush({ repository: repositoryOf('many'), commit: commit('a') }));
  const unsigned = { headers: { 'x-hub-signature-256': '' } };
  for (let n = 0; n < 4; n++) await assert.rejects(quiet.deliver(hook, 'ping', { n }, unsigned));
  await sql`update webhook_delivery set received_at = now() - interval '40 days' where sequence <= 2 or state = 'pending'`.execute(
    db,
  );
  assert.equal(await store.prune({ days: 30, knownDays: 400, newest: 4, newestIgnored: 3, newestRefused: 3 }), 6);
  const left = await quiet.deliveries('many');
  assert.deepEqual(
    left.map(({ state }) => state),
    ['refused', 'refused', 'refused', 'pending', 'ignored', 'ignored', 'ignored'],
  );
});
