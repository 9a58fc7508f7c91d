import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { PullRequestState } from '../../src/domain/provider.ts';
import { checkBranch } from '../../src/drivers/source/git/refs.ts';
import type { OpenProvider } from '../../src/engine/ports/provider.ts';
import { owner } from '../conformance/store/configuration-bench.ts';
import type { ProviderStandIn } from '../harness/provider-stand-in.ts';
import type { PreviewBench } from './preview-bench.ts';
import { ProviderBench, sha } from './provider-bench.ts';

let provider: ProviderBench;
let bench: PreviewBench;
let standIn: ProviderStandIn;

before(async () => {
  provider = await ProviderBench.open();
  ({ previews: bench, standIn } = provider);
});
after(() => provider[Symbol.asyncDispose]());
beforeEach(async () => {
  standIn.misfortunes.length = 0;
  await provider.db.deleteFrom('provider_message').execute();
  await set();
});

const open = (pullRequest: number, commit = sha('a')) =>
  bench.commands.open(owner, 'my-app', { pullRequest, branch: `b${pullRequest}`, commit });

function set(project = 'my-app', token = standIn.token) {
  return provider.commands.set(owner, project, { ...standIn.access, token });
}

const waiting = () => provider.db.selectFrom('provider_message').selectAll().execute();
const lastError = async () => (await provider.commands.get(owner, 'my-app'))?.lastError ?? '';

const pull = (number: number, change: Partial<PullRequestState> = {}): PullRequestState => ({
  number,
  open: true,
  merged: false,
  title: `Change ${number}`,
  link: `https://git.example/${number}`,
  branch: `b${number}`,
  commit: sha('a'),
  fromFork: false,
  ...change,
});

test('a provider that wants to be left alone for ever is asked again within hours', async () => {
  for (const value of ['99999999999999999999', 'Fri, 31 Dec 9999 23:59:59 GMT', '31536000'])
    standIn.misfortunes.push({ status: 503, headers: { 'retry-after': value } });
  await open(1);
  await provider.tell();
  const messages = await waiting();
  assert.equal(messages.length, 3);
  for (const { not_before: at, attempts } of messages) {
    assert.equal(attempts, 1);
    assert.ok(Date.parse(at) - Date.now() < 3 * 3_600_000, at);
  }
});

test('what a provider says that no database keeps is kept as far as it can be, and the message waits', async () => {
  const said = JSON.stringify({ message: 'a\0b\ud800c' });
  standIn.misfortunes.push(...Array.from({ length: 3 }, () => ({ status: 502, body: said })));
  await open(2);
  await provider.tell();
  assert.equal((await waiting()).length, 3);
  for (const { not_before: at } of await waiting()) assert.ok(Date.parse(at) - Date.now() < 60_000, at);
  assert.match(await lastError(), /a.b/);
});

test('a provider that says the token back has it masked, in whatever spelling', async () => {
  const { token } = standIn;
  const encoded = Buffer.from(`x:${token}`).toString('base64');
  standIn.misfortunes.push({ status: 403, body: JSON.stringify({ message: `no: ${token} ${encoded}` }) });
  const logged: unknown[] = [];
  await open(3);
  const warn = (...args: unknown[]) => void logged.push(args);
  await provider.tell({ log: { info: () => undefined, warn, error: () => undefined } });
  assert.match(await lastError(), /no: •+ /);
  for (const text of [await lastError(), JSON.stringify(logged)]) {
    assert.doesNotMatch(text, new RegExp(token));
    assert.doesNotMatch(text, new RegExp(encoded.slice(4, -4)));
  }
});

test('what was refused with a wrong token is told with the right one', async () => {
  await set('my-app', 'wrong-token');
  await open(4);
  await provider.tell();
  assert.deepEqual([await waiting(), standIn.comments.get(4)], [[], undefined]);
  await set();
  await provider.tell();
  assert.equal(standIn.comments.get(4)?.length, 1);
});

test('one message that takes long holds up no other', async () => {
  const slow = Promise.withResolvers<void>();
  const told: string[] = [];
  const openProvider: OpenProvider = () => ({
    pullRequest: async () => null,
    openPullRequests: async () => [],
    async tell(message) {
      if (message.kind === 'comment' && message.pullRequest === 20) await slow.promise;
      else told.push(message.kind);
      if (told.length === 29) slow.resolve();
    },
  });
  await provider.tell();
  for (let number = 20; number < 30; number += 1) {
    await bench.commands.updateSettings(owner, 'my-app', { limit: 40 });
    await open(number);
  }
  await provider.tell({ openProvider });
  assert.deepEqual([told.length, await waiting()], [29, []]);
});

test('what a provider says of pull requests is checked, one by one: a bad one keeps no other from its preview', async () => {
  await bench.commands.updateSettings(owner, 'my-app', { pullRequests: true });
  const bad = [
    pull(101, { branch: '--upload-pack=touch /tmp/x' }),
    pull(102, { commit: '--output=/etc/passwd' }),
    pull(-1),
    pull(2 ** 40),
    pull(1.5),
    pull(103, { branch: 'b'.repeat(100_000) }),
  ];
  const good = pull(104, { title: `a\0b\n${'c'.repeat(10_000)}`, link: 'javascript:alert(1)' });
  const openProvider: OpenProvider = () => ({
    tell: async () => undefined,
    pullRequest: async () => null,
    openPullRequests: async () => [...bad, good],
  });
  const dependencies = { ...bench.dependencies, checkBranch };
  await provider.ask({ openProvider, dependencies });
  const names = (await bench.commands.list(owner, 'my-app', true)).map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => /^pr-(?:10\d|-|1\b|1099)/.test(name) && name !== 'pr-1'),
    ['pr-104'],
  );
  const { title, link } = await bench.commands.get(owner, 'my-app', 'pr-104');
  assert.equal(link, null);
  assert.match(title ?? '', /^a.b$/u);
});

test('providers are asked side by side: one that does not answer keeps few others waiting', async () => {
  const asked: string[] = [];
  const release = Promise.withResolvers<void>();
  for (const name of ['second', 'third']) {
    await bench.projects.create(owner, { name, repository: `https://git.example.test/${name}.git` });
    await set(name);
  }
  const openProvider: OpenProvider = () => ({
    tell: async () => undefined,
    pullRequest: async () => null,
    async openPullRequests() {
      asked.push('');
      if (asked.length === 1) await release.promise;
      if (asked.length === 3) release.resolve();
      return [];
    },
  });
  await provider.ask({ openProvider });
  assert.equal(asked.length, 3);
});
