import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressRule } from '../../src/drivers/outgoing/internal-addresses.ts';
import { outgoingFetch } from '../../src/drivers/outgoing/outgoing-fetch.ts';
import { createGitHubApps } from '../../src/drivers/provider/github/app/github-apps.ts';
import { createProviders } from '../../src/drivers/provider/open-provider.ts';
import { ProviderError } from '../../src/engine/ports/provider.ts';
import { GitHubAppStandIn } from '../harness/github-app-stand-in.ts';
import { ProviderStandIn } from '../harness/provider-stand-in.ts';

const signal = () => AbortSignal.timeout(10_000);
const fetch = outgoingFetch(addressRule(['127.0.0.0/8']));
const installationId = '957387';
const request = { installationId, repository: 'acme/shop', purpose: 'api' } as const;

async function stage() {
  const standIn = await ProviderStandIn.start('github');
  const app = new GitHubAppStandIn();
  standIn.app = app;
  app.install('acme/shop');
  let aheadMs = 0;
  return {
    standIn,
    app,
    shown: { appId: app.appId, privateKey: app.privateKey, apiUrl: standIn.apiUrl },
    apps: createGitHubApps(fetch, () => Date.now() + aheadMs),
    /** This machine's clock. */
    setClock: (ms: number) => void (aheadMs = ms),
    tokensAsked: () => standIn.requests.filter((line) => line.endsWith('/access_tokens')).length,
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  };
}

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof ProviderError, String(error));
  return error;
}

test('an App shows itself by its key, finds its installation, and acts there by a token of that', async () => {
  await using t = await stage();
  assert.equal(await t.apps.slug(t.shown, signal()), 'cutover-test');
  assert.deepEqual(await t.apps.installation(t.shown, 'acme/shop', signal()), {
    state: 'installed',
    id: installationId,
  });
  const token = await t.apps.token(t.shown, request, signal());
  const provider = createProviders(fetch)({ ...t.standIn.access, token });
  t.standIn.pulls.push({ number: 1, state: 'open', branch: 'b', commit: 'a'.repeat(40), fromFork: false });
  assert.equal((await provider.openPullRequests(signal())).length, 1);
});

test('a token is for one repository, and one for reading code may do nothing else', async () => {
  await using t = await stage();
  t.app.install('acme/other');
  await t.apps.token(t.shown, request, signal());
  const contents = await t.apps.token(t.shown, { ...request, purpose: 'contents' }, signal());
  assert.deepEqual(
    [...t.app.issued.values()].map(({ repositories }) => repositories),
    [['acme/shop'], ['acme/shop']],
  );
  assert.deepEqual(t.app.issued.get(contents)?.permissions, { contents: 'read' });
  const elsewhere = await failure(t.apps.token(t.shown, { ...request, repository: 'acme/secret' }, signal()));
  assert.equal(elsewhere.code, 'provider_refused');
});

test('a token is kept while it is good, made anew before it ends, and after it was forgotten', async () => {
  await using t = await stage();
  const first = await t.apps.token(t.shown, request, signal());
  assert.equal(await t.apps.token(t.shown, request, signal()), first);
  assert.equal(t.tokensAsked(), 1);
  for (const aheadMs of [50 * 60_000, 2 * 3_600_000]) {
    [t.app.aheadMs] = [aheadMs];
    t.setClock(aheadMs);
    assert.notEqual(await t.apps.token(t.shown, request, signal()), first);
  }
  assert.equal(t.tokensAsked(), 3);
  t.apps.forget('1');
  await t.apps.token(t.shown, request, signal());
  assert.equal(t.tokensAsked(), 3);
  t.apps.forget(installationId);
  await t.apps.token(t.shown, request, signal());
  assert.equal(t.tokensAsked(), 4);
});

test("a clock that goes wrong keeps no App out, and its tokens are kept by that clock: GitHub's is asked where they differ", async () => {
  for (const aheadMs of [-3_600_000, -120_000, 120_000, 3_600_000]) {
    await using t = await stage();
    t.app.aheadMs = aheadMs;
    assert.equal(await t.apps.slug(t.shown, signal()), 'cutover-test');
    const first = await t.apps.token(t.shown, request, signal());
    assert.equal(await t.apps.token(t.shown, request, signal()), first, `${aheadMs}`);
  }
});

test('where the App is not installed, suspended or not known it is told so, and neither key nor token is', async () => {
  await using t = await stage();
  assert.deepEqual(await t.apps.installation(t.shown, 'acme/other', signal()), { state: 'missing', id: null });
  t.app.installations.set('acme/shop', { id: Number(installationId), suspended: true });
  assert.deepEqual(await t.apps.installation(t.shown, 'acme/shop', signal()), {
    state: 'suspended',
    id: installationId,
  });
  const errors = [
    await failure(t.apps.token(t.shown, request, signal())),
    await failure(t.apps.token(t.shown, { ...request, installationId: '1' }, signal())),
    await failure(t.apps.slug({ ...t.shown, appId: '12' }, signal())),
    await failure(t.apps.slug({ ...t.shown, privateKey: new GitHubAppStandIn().privateKey }, signal())),
    await failure(t.apps.slug({ ...t.shown, privateKey: 'no key' }, signal())),
  ];
  for (const { code, message } of errors) {
    assert.equal(code, 'provider_refused', message);
    assert.doesNotMatch(message, /PRIVATE KEY|ghs_|eyJ/);
  }
  t.standIn.misfortunes.push({ status: 502 });
  assert.equal((await failure(t.apps.slug(t.shown, signal()))).code, 'provider_unavailable');
});

test('rule 10: an App at an internal address is not asked, unless that is allowed', async () => {
  await using t = await stage();
  const guarded = createGitHubApps(outgoingFetch(addressRule([])));
  assert.match((await failure(guarded.slug(t.shown, signal()))).message, /internal address/);
  assert.deepEqual(t.standIn.requests, []);
});
