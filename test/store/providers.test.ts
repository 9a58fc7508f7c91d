import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { actor, owner, refusal } from '../conformance/store/configuration-bench.ts';
import type { ProviderStandIn } from '../harness/provider-stand-in.ts';
import type { PreviewBench } from './preview-bench.ts';
import { ProviderBench, sha } from './provider-bench.ts';

let provider: ProviderBench;
let bench: PreviewBench;
let standIn: ProviderStandIn;
before(async () => {
  provider = await ProviderBench.open();
  ({ previews: bench, standIn } = provider);
  await provider.commands.set(owner, 'my-app', { ...standIn.access, token: standIn.token });
});
after(() => provider[Symbol.asyncDispose]());

const open = (pullRequest: number, commit = sha('a'), fromFork = false) =>
  bench.commands.open(owner, 'my-app', { pullRequest, branch: `b${pullRequest}`, commit, fromFork });
const commentOf = (pull: number) => standIn.comments.get(pull)?.map(({ body }) => body) ?? [];

/** As if the pauses between attempts were over. */
async function hurry(): Promise<void> {
  const { db } = bench.stores.database;
  await db
    .updateTable('provider_message')
    .set({ not_before: new Date(0).toISOString() })
    .execute();
}

test('the token of a provider is kept sealed, and never told', async () => {
  const facts = await provider.commands.get(owner, 'my-app');
  assert.equal(facts?.repository, 'acme/shop');
  assert.doesNotMatch(JSON.stringify(facts), /secret-token/);
  const access = await provider.store.access((await bench.project()).id);
  assert.doesNotMatch(JSON.stringify(access), /secret-token/);
  await assert.rejects(provider.commands.get(actor('viewer'), 'my-app'), refusal('forbidden'));
  const nothing = provider.commands.set(owner, 'my-app', {
    token: 'x',
    apiUrl: 'file:///etc',
    kind: 'gitea',
    repository: 'a/b',
  });
  await assert.rejects(nothing, refusal('invalid_input', /apiUrl/));
});

test('rule 6: the provider is told of a preview once, and again when something has changed', async () => {
  await open(1);
  for (let pass = 0; pass < 3; pass += 1) await provider.tell();
  assert.equal(commentOf(1).length, 1);
  assert.match(commentOf(1)[0] ?? '', /\| Preview \| \[http:\/\/pr-1-my-app\.example\.test\]/);
  assert.match(commentOf(1)[0] ?? '', /#1 waits for its turn/);
  assert.deepEqual(standIn.statuses, [{ commit: sha('a'), state: 'pending', context: 'cutover/my-app/pr-1' }]);
  await open(1, sha('b'));
  await provider.tell();
  assert.equal(commentOf(1).length, 1);
  assert.match(commentOf(1)[0] ?? '', /`bbbbbbbbbbbb`/);
  assert.equal(standIn.statuses.length, 2);
  await bench.commands.close(owner, 'my-app', 'pr-1');
  await bench.takeDown();
  await provider.tell();
  assert.match(commentOf(1)[0] ?? '', /was removed: closed by a owner/);
  assert.ok(standIn.deployments.every(({ state }) => state === 'inactive'));
  const asked = standIn.requests.length;
  await provider.tell();
  assert.equal(standIn.requests.length, asked, 'nothing is told of what is gone');
});

test('an outage holds nothing up, and afterwards the provider is told how it is then, not how it was', async () => {
  const known = standIn.statuses.length;
  standIn.misfortunes.push(...Array.from({ length: 3 }, () => ({ status: 503 })));
  await open(2);
  await provider.tell();
  assert.deepEqual(commentOf(2), []);
  await open(2, sha('b'));
  assert.deepEqual(await bench.deployments('pr-2'), [sha('a'), sha('b')]);
  standIn.misfortunes.push({ status: 503 });
  await provider.tell();
  await hurry();
  await provider.tell();
  assert.equal(commentOf(2).length, 1);
  assert.match(commentOf(2)[0] ?? '', /`bbbbbbbbbbbb`/);
  const states = standIn.statuses.slice(known).map(({ commit }) => commit);
  assert.deepEqual(new Set(states), new Set([sha('a'), sha('b')]));
  const facts = await provider.commands.get(owner, 'my-app');
  assert.match(facts?.lastError ?? '', /503/);
});

test('a message waits as long as the provider asks for, and is not tried before', async () => {
  standIn.misfortunes.push(...Array.from({ length: 3 }, () => ({ status: 429, headers: { 'retry-after': '600' } })));
  await open(3);
  await provider.tell();
  const asked = standIn.requests.length;
  await provider.tell();
  assert.equal(standIn.requests.length, asked);
  const { db } = bench.stores.database;
  const waiting = await db.selectFrom('provider_message').select('not_before').execute();
  assert.equal(waiting.length, 3);
  for (const { not_before: at } of waiting) assert.ok(Date.parse(at) - Date.now() > 590_000, at);
  await hurry();
  await provider.tell();
  assert.equal(commentOf(3).length, 1);
});

test('two couriers at once tell everything once; what is refused is given up and said', async () => {
  await open(4);
  const asked = standIn.requests.length;
  await Promise.all([provider.tell(), provider.tell()]);
  assert.equal(commentOf(4).length, 1);
  assert.equal(standIn.requests.slice(asked).filter((line) => line.startsWith('POST')).length, 4);
  standIn.misfortunes.push({ status: 403, body: '{"message":"Resource not accessible"}' });
  await open(4, sha('b'));
  await provider.tell();
  const left = await bench.stores.database.db.selectFrom('provider_message').selectAll().execute();
  assert.deepEqual(left, []);
  assert.match((await provider.commands.get(owner, 'my-app'))?.lastError ?? '', /403/);
});

test('rule 6: what no event has told is found by asking: closed ones go, new ones and new commits come', async () => {
  await bench.commands.updateSettings(owner, 'my-app', { pullRequests: true });
  await open(5);
  await open(6);
  const pull = (number: number, state: 'open' | 'merged', commit = sha('a'), fromFork = false) =>
    standIn.pulls.push({ number, state, branch: `b${number}`, commit, fromFork });
  pull(5, 'merged');
  pull(6, 'open', sha('c'));
  pull(7, 'open');
  pull(8, 'open', sha('a'), true);
  await provider.ask();
  const state = async (name: string) => (await bench.commands.get(owner, 'my-app', name)).state;
  assert.deepEqual(
    await Promise.all(['pr-2', 'pr-5', 'pr-6', 'pr-7', 'pr-8'].map(state)),
    ['open', 'removing', 'open', 'open', 'needs-approval'],
    '2 was opened by hand: the provider knows nothing of it',
  );
  assert.deepEqual(await bench.deployments('pr-6'), [sha('a'), sha('c')]);
  await bench.commands.close(owner, 'my-app', 'pr-7');
  standIn.misfortunes.push({ status: 500 });
  await provider.ask();
  await provider.ask();
  assert.equal(await state('pr-7'), 'removing', 'what somebody closed stays closed until the next push');
  assert.deepEqual(provider.complaints.filter((text) => text.includes('asked for its pull requests')).length, 1);
});

test('rule 6: URLs of single deployments stand in the comment of their pull request, and have no statuses of their own', async () => {
  await bench.commands.updateSettings(owner, 'my-app', { deploymentUrls: 1 });
  await open(9);
  const number = await bench.complete('pr-9');
  await bench.pass();
  await provider.tell();
  const host = `pr-9-${number}-my-app.example.test`;
  assert.ok(commentOf(9)[0]?.includes(`| Deployments | [#${number}](http://${host}) |`), commentOf(9)[0]);
  const own = (context: string) => context.endsWith(`/pr-9-${number}`);
  assert.deepEqual(
    standIn.statuses.filter(({ context }) => own(context)),
    [],
  );
});

test('a preview of a former repository is told to nobody, matched with nothing and removed; another way to write the address changes nothing', async () => {
  await open(20);
  await provider.tell();
  const own = (await bench.project()).repository ?? '';
  await bench.projects.update(owner, 'my-app', { repository: own.replace('https://', 'https://ada:x@') });
  await bench.pass();
  const state = async () => (await bench.commands.get(owner, 'my-app', 'pr-20')).state;
  assert.equal(await state(), 'open');
  await open(21);
  standIn.misfortunes.push(...Array.from({ length: 10 }, () => ({ status: 503 })));
  await provider.tell();
  standIn.misfortunes.length = 0;

  await bench.projects.update(owner, 'my-app', { repository: 'https://git.example.test/other.git' });
  await bench.commands.updateSettings(owner, 'my-app', { pullRequests: false });
  standIn.pulls.push({ number: 20, state: 'merged', branch: 'b20', commit: sha('a'), fromFork: false });
  await provider.ask();
  assert.equal(await state(), 'open', 'pull request 20 is another one there');
  await provider.commands.set(owner, 'my-app', { ...standIn.access, repository: 'acme/other', token: standIn.token });
  await hurry();
  const asked = standIn.requests.length;
  await provider.tell();
  assert.equal(standIn.requests.length, asked);
  await bench.pass();
  await bench.takeDown();
  const gone = await bench.commands.get(owner, 'my-app', 'pr-20');
  assert.deepEqual([gone.state, gone.closedReason], ['closed', 'the project has another repository since']);
  await provider.tell();
  assert.equal(standIn.requests.length, asked);
  assert.deepEqual(commentOf(21), []);
});
