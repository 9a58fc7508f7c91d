import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { addressRule } from '../../src/drivers/outgoing/internal-addresses.ts';
import { outgoingFetch } from '../../src/drivers/outgoing/outgoing-fetch.ts';
import { createGitHubApps } from '../../src/drivers/provider/github/app/github-apps.ts';
import { createProviders } from '../../src/drivers/provider/open-provider.ts';
import { githubAppCommands } from '../../src/engine/commands/github-app.ts';
import { applyInstallationEvent, doubtRefused, type Refusal } from '../../src/engine/commands/installation-events.ts';
import { providerCommands } from '../../src/engine/commands/providers.ts';
import { InstallationKeeper } from '../../src/engine/github-app/installation-keeper.ts';
import type { GitHubAppStore } from '../../src/engine/ports/github-app.ts';
import { ProviderError, type OpenProvider } from '../../src/engine/ports/provider.ts';
import { contentsToken } from '../../src/engine/previews/provider-access.ts';
import { ProviderCourier } from '../../src/engine/previews/provider-courier.ts';
import { createGitHubAppStore } from '../../src/store/github-app.ts';
import { createProviderStore } from '../../src/store/providers.ts';
import { actor, owner, refusal } from '../conformance/store/configuration-bench.ts';
import { GitHubAppStandIn } from '../harness/github-app-stand-in.ts';
import { ProviderStandIn } from '../harness/provider-stand-in.ts';
import { PreviewBench } from './preview-bench.ts';

let bench: PreviewBench;
let standIn: ProviderStandIn;
const app = new GitHubAppStandIn();
const never = AbortSignal.timeout(2 ** 31 - 1);
const random = { id: () => randomUUID(), number: () => 1 };
const fetch = outgoingFetch(addressRule(['127.0.0.0/8']));
const githubApps = createGitHubApps(fetch);
const openProvider = createProviders(fetch);
const nothing = () => undefined;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Of the keeper, and of this machine where it looks at what is old. */
let later = 0;
const clock = { now: () => Date.now() + later, monotonic: () => later, sleep: async () => undefined };

before(async () => {
  bench = await PreviewBench.open();
  standIn = await ProviderStandIn.start('github');
  standIn.app = app;
  const host = new URL(standIn.apiUrl).host;
  await bench.projects.update(owner, 'my-app', { repository: `https://${host}/Acme/shop.git` });
  await bench.projects.create(owner, { name: 'elsewhere', repository: 'https://git.example.test/acme/shop.git' });
});
after(async () => {
  await standIn[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await store().remove();
  standIn.requests.length = 0;
  standIn.misfortunes.length = 0;
  app.installations.clear();
  app.install('acme/shop');
});

const onEvent = (id: string) => applyInstallationEvent({ githubApp: store(), githubApps, wake: nothing }, id);
const onDoubt = (one: Refusal) => doubtRefused({ githubApp: store(), githubApps, look: nothing }, one);
const store = () => createGitHubAppStore(bench.stores.database.db);
const providers = () => createProviderStore(bench.stores.database.db);
const box = () => bench.configuration.secretBox;

function commands() {
  return githubAppCommands({ githubApp: store(), githubApps, random, secretBox: box(), wake: () => undefined });
}

function ofProjects() {
  const { configuration } = bench.dependencies;
  return providerCommands({ configuration, providers: providers(), random, secretBox: box(), wake: nothing });
}

function keeper(githubApp: GitHubAppStore = store()): InstallationKeeper {
  const common = { githubApp, githubApps, secretBox: box(), clock, log: silent };
  return new InstallationKeeper({ ...common, intervalMs: 1, onFound: () => undefined });
}

function courier(open: OpenProvider = openProvider): ProviderCourier {
  const access = { githubApp: store(), githubApps, secretBox: box() };
  const told = { providers: providers(), previews: bench.store, openProvider: open, random, clock, log: silent };
  return new ProviderCourier({ ...access, ...told, urlOf: (host) => `http://${host}`, onDoubt, intervalMs: 1 });
}

/** As if the pauses between attempts were over. */
async function hurry(): Promise<void> {
  const past = new Date(0).toISOString();
  await bench.stores.database.db.updateTable('provider_message').set({ not_before: past }).execute();
}

const set = () => commands().set(owner, { appId: app.appId, privateKey: app.privateKey, apiUrl: standIn.apiUrl });
const shown = (project = 'my-app') => ofProjects().get(owner, project);

test('the App is set by admins alone, once GitHub has taken its key, which is kept sealed and never told', async () => {
  const facts = await set();
  assert.deepEqual([facts.appId, facts.slug, facts.lastError], [app.appId, 'cutover-test', null]);
  assert.doesNotMatch(JSON.stringify([facts, await store().sealed()]), /PRIVATE KEY/);
  for (const role of ['developer', 'viewer'] as const) {
    await assert.rejects(commands().get(actor(role)), refusal('forbidden'));
    await assert.rejects(commands().remove(actor(role)), refusal('forbidden'));
  }
  const other = new GitHubAppStandIn().privateKey;
  await assert.rejects(commands().set(owner, { appId: app.appId, privateKey: other, apiUrl: standIn.apiUrl }), {
    code: 'provider_refused',
  });
  const noKey = commands().set(owner, { appId: app.appId, privateKey: 'secret words', apiUrl: standIn.apiUrl });
  await assert.rejects(noKey, (error: Error) => /RSA/.test(error.message) && !/secret words/.test(error.message));
  assert.equal((await store().find())?.fingerprint, facts.fingerprint, 'what was set stays');
});

test('it acts for the projects whose repository it is installed on, and for no other', async () => {
  await set();
  await keeper().pass(never);
  const facts = await shown();
  assert.deepEqual([facts?.installation, facts?.repository, facts?.lastError], ['installed', 'acme/shop', null]);
  assert.equal(await shown('elsewhere'), null);
  await bench.commands.open(owner, 'my-app', { pullRequest: 1, branch: 'b1', commit: 'a'.repeat(40) });
  await courier().pass(never);
  assert.equal(standIn.comments.get(1)?.length, 1);
  const asked = standIn.requests.length;
  await keeper().pass(never);
  assert.equal(standIn.requests.length, asked, 'what is known is not asked for again');
});

test('where it is not installed, or suspended, nothing is attempted and that is told; an event has GitHub asked again', async () => {
  app.installations.clear();
  await set();
  await keeper().pass(never);
  const missing = await shown();
  assert.equal(missing?.installation, 'missing');
  assert.match(missing?.lastError ?? '', /not installed on acme\/shop/);
  const lookups = () => standIn.requests.filter((line) => line.endsWith('/installation')).length;
  await bench.commands.open(owner, 'my-app', { pullRequest: 2, branch: 'b2', commit: 'a'.repeat(40) });
  await courier().pass(never);
  await keeper().pass(never);
  assert.deepEqual([standIn.comments.get(2), lookups()], [undefined, 1]);

  app.install('acme/shop');
  assert.deepEqual(await onEvent('957387'), []);
  await keeper().pass(never);
  await courier().pass(never);
  assert.deepEqual([(await shown())?.installation, (await shown())?.lastError], ['installed', null]);
  assert.equal(standIn.comments.get(2)?.length, 1, 'what was to be told is told then');

  for (const installation of app.installations.values()) installation.suspended = true;
  assert.deepEqual(
    (await onEvent('957387')).map(({ name }) => name),
    ['my-app'],
  );
  await keeper().pass(never);
  assert.match((await shown())?.lastError ?? '', /suspended on acme\/shop/);
  await bench.commands.open(owner, 'my-app', { pullRequest: 2, branch: 'b2', commit: 'b'.repeat(40) });
  const asked = standIn.requests.length;
  await courier().pass(never);
  assert.equal(standIn.requests.length, asked);
});

test('what GitHub refuses the App is told later, once it is known whether that may act there still', async () => {
  await set();
  await keeper().pass(never);
  await bench.commands.open(owner, 'my-app', { pullRequest: 3, branch: 'b3', commit: 'a'.repeat(40) });
  for (const installation of app.installations.values()) installation.suspended = true;
  await courier().pass(never);
  await keeper().pass(never);
  assert.equal((await shown())?.installation, 'suspended', 'without any event');
  app.install('acme/shop');
  await onEvent('957387');
  await keeper().pass(never);
  await hurry();
  await courier().pass(never);
  assert.equal(standIn.comments.get(3)?.length, 1);
});

/** The App may act there, but its permissions are too few for it. */
const forbidding: OpenProvider = (access) => ({
  ...openProvider(access),
  tell: async () => Promise.reject(new ProviderError('provider_refused', 'GitHub: 403 Resource not accessible')),
});

test('what was refused for want of a permission is told as it is then, once that is granted, and not again by later events', async () => {
  await set();
  await keeper().pass(never);
  await bench.commands.open(owner, 'my-app', { pullRequest: 5, branch: 'b5', commit: 'a'.repeat(40) });
  await courier(forbidding).pass(never);
  await hurry();
  await courier(forbidding).pass(never);
  assert.deepEqual(await bench.stores.database.db.selectFrom('provider_message').selectAll().execute(), []);
  assert.match((await shown())?.lastError ?? '', /403/);
  await courier().pass(never);
  assert.equal(standIn.comments.get(5), undefined, 'GitHub is not asked again and again');

  await onEvent('957387');
  await keeper().pass(never);
  await courier().pass(never);
  assert.deepEqual([standIn.comments.get(5)?.length, (await shown())?.lastError], [1, null]);
  const asked = standIn.requests.length;
  await onEvent('957387');
  await courier().pass(never);
  assert.equal(standIn.requests.length, asked);
});

test('what was refused while the App was suspended is told when it may act again, also without any event', async () => {
  await set();
  await keeper().pass(never);
  await bench.commands.open(owner, 'my-app', { pullRequest: 6, branch: 'b6', commit: 'a'.repeat(40) });
  await courier(forbidding).pass(never);
  await hurry();
  await courier(forbidding).pass(never);
  for (const installation of app.installations.values()) installation.suspended = true;
  await store().doubtOne((await bench.project()).id);
  await keeper().pass(never);
  app.install('acme/shop');
  await store().doubtOne((await bench.project()).id);
  await keeper().pass(never);
  await courier().pass(never);
  assert.equal(standIn.comments.get(6)?.length, 1);
});

test('one refusal has the App looked up for that project alone, and GitHub asked no sooner after an outage', async () => {
  const { host } = new URL(standIn.apiUrl);
  const others = ['beside', 'without'];
  for (const name of others)
    await bench.projects.create(owner, { name, repository: `https://${host}/acme/${name}.git` });
  app.install('acme/beside');
  await set();
  await keeper().pass(never);
  const { id: projectId } = await bench.project();
  const one = keeper();
  const refused = () =>
    doubtRefused({ githubApp: store(), githubApps, look: () => one.look() }, { projectId, installationId: '957387' });
  standIn.requests.length = 0;
  standIn.misfortunes.push({ status: 502 });
  await refused();
  await one.pass(never);
  await refused();
  await one.pass(never);
  assert.deepEqual(
    standIn.requests.map((line) => line.toLowerCase()),
    ['get /repos/acme/shop/installation'],
  );
  for (const name of others) await bench.projects.delete(owner, name);
});

test('what is told while GitHub is asked is not forgotten by the older answer', async () => {
  await set();
  await keeper().pass(never);
  await store().doubt('957387');
  const slow: GitHubAppStore = {
    ...store(),
    found: async (...found) => {
      app.installations.clear();
      await store().doubt('957387');
      await store().found(...found);
    },
  };
  await keeper(slow).pass(never);
  assert.equal((await shown())?.installation, 'installed');
  await keeper().pass(never);
  assert.equal((await shown())?.installation, 'missing');
});

test("a project's own token goes before the App, and the App acts again when that is removed", async () => {
  await set();
  await ofProjects().set(owner, 'my-app', { ...standIn.access, token: standIn.token });
  await keeper().pass(never);
  assert.deepEqual([(await shown())?.installation, standIn.requests.length], [null, 1]);
  await ofProjects().remove(owner, 'my-app');
  await keeper().pass(never);
  assert.equal((await shown())?.installation, 'installed');
  await assert.rejects(ofProjects().remove(owner, 'my-app'), refusal('not_found'));
  await commands().remove(owner);
  assert.equal(await shown(), null);
  await keeper().pass(never);
  assert.equal(await shown(), null);
});

test('a project that moves elsewhere is not acted for any more, and an outage changes nothing that is known', async () => {
  await set();
  await keeper().pass(never);
  later = 2 * 3_600_000;
  standIn.misfortunes.push({ status: 502 });
  const one = keeper();
  await one.pass(never);
  assert.equal((await shown())?.installation, 'installed');
  assert.match((await store().find())?.lastError ?? '', /502/);
  await one.pass(never);
  assert.match((await store().find())?.lastError ?? '', /502/, 'not asked again at once');
  one.wake();
  await one.pass(never);
  assert.equal((await store().find())?.lastError, null);
  later = 0;
  const { repository } = await bench.project();
  assert.ok(repository !== null);
  await bench.projects.update(owner, 'my-app', { repository: 'https://git.example.test/acme/shop.git' });
  await keeper().pass(never);
  assert.equal(await shown(), null);
  await bench.projects.update(owner, 'my-app', { repository });
});

test('what waits to be told is not told to another repository that the project has since', async () => {
  const { host } = new URL(standIn.apiUrl);
  await set();
  await keeper().pass(never);
  await bench.commands.open(owner, 'my-app', { pullRequest: 7, branch: 'b7', commit: 'a'.repeat(40) });
  await courier(forbidding).pass(never);
  const { repository } = await bench.project();
  assert.ok(repository !== null);
  app.install('acme/other');
  await bench.projects.update(owner, 'my-app', { repository: `https://${host}/acme/other.git` });
  await keeper().pass(never);
  assert.equal((await shown())?.repository, 'acme/other');
  await hurry();
  const asked = standIn.requests.length;
  await courier().pass(never);
  assert.deepEqual([standIn.requests.length, standIn.comments.get(7)], [asked, undefined]);
  await bench.projects.update(owner, 'my-app', { repository });
});

test('a repository is read by a token for it alone, which may do nothing else; where the App may not, by none', async () => {
  await set();
  const access = { githubApp: store(), githubApps, secretBox: box() };
  const { host } = new URL(standIn.apiUrl);
  const token = await contentsToken(access, `http://${host}/acme/shop.git`, never);
  const issued = app.issued.get(token ?? '');
  assert.deepEqual([issued?.repositories, issued?.permissions], [['acme/shop'], { contents: 'read' }]);
  assert.equal(await contentsToken(access, `http://${host}/acme/other.git`, never), null);
  assert.equal(await contentsToken(access, 'https://git.example.test/acme/shop.git', never), null);
  app.installations.set('acme/shop', { id: 957_387, suspended: true });
  assert.equal(await contentsToken(access, `http://${host}/acme/shop.git`, never), null);
});
