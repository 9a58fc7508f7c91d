import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { providerKinds, type ProviderKind, type ProviderMessage, type ReportState } from '../../src/domain/provider.ts';
import { addressRule } from '../../src/drivers/outgoing/internal-addresses.ts';
import { outgoingFetch } from '../../src/drivers/outgoing/outgoing-fetch.ts';
import { createProviders } from '../../src/drivers/provider/open-provider.ts';
import { ProviderError, type Provider } from '../../src/engine/ports/provider.ts';
import { ProviderStandIn } from '../harness/provider-stand-in.ts';

const signal = () => AbortSignal.timeout(10_000);
const openProvider = createProviders(outgoingFetch(addressRule(['127.0.0.0/8'])));
const sha = (digit: string) => digit.repeat(40);
const marker = '<!-- cutover:preview:1 -->';
const comment = (text: string): ProviderMessage => ({
  kind: 'comment',
  pullRequest: 7,
  marker,
  body: `${marker}\n${text}`,
});

async function use(kind: ProviderKind, work: (provider: Provider, standIn: ProviderStandIn) => Promise<void>) {
  await using standIn = await ProviderStandIn.start(kind);
  await work(openProvider(standIn.access), standIn);
}

for (const kind of providerKinds)
  describe(`the API client of ${kind}`, () => {
    test('rule 6: one comment, edited in place, though it is on a later page and somebody has copied its marker', () =>
      use(kind, async (provider, standIn) => {
        for (const text of ['first!', 'second', `${marker} mine now`]) standIn.foreignComment(7, text);
        for (const text of ['being made', 'is live', 'is live']) await provider.tell(comment(text), signal());
        const bodies = standIn.comments.get(7)?.map(({ body }) => body);
        assert.deepEqual(bodies, ['first!', 'second', `${marker} mine now`, `${marker}\nis live`]);
      }));

    test('rule 6: a commit status says how it went, and saying the same again is fine', () =>
      use(kind, async (provider, standIn) => {
        const told = {
          kind: 'commit-status',
          commit: sha('a'),
          context: 'cutover/shop/pr-7',
          description: 'd',
        } as const;
        await provider.tell({ ...told, state: 'pending', url: null }, signal());
        await provider.tell({ ...told, state: 'success', url: 'http://pr-7-shop.localhost' }, signal());
        await provider.tell({ ...told, state: 'success', url: 'http://pr-7-shop.localhost' }, signal());
        const [first] = standIn.statuses;
        assert.equal(first?.context, 'cutover/shop/pr-7');
        const states = [...new Set(standIn.statuses.map(({ state }) => state))];
        const words = { github: ['pending', 'success'], gitea: ['pending', 'success'], gitlab: ['running', 'success'] };
        assert.deepEqual(states, kind === 'bitbucket' ? ['INPROGRESS', 'SUCCESSFUL'] : words[kind]);
      }));

    test('rule 6: a deployment for each commit of the environment, and its end, where the provider knows deployments', () =>
      use(kind, async (provider, standIn) => {
        const told = {
          kind: 'deployment-status',
          environment: 'shop/pr-7',
          branch: 'x',
          description: 'd',
          url: null,
        } as const;
        for (const state of ['pending', 'success', 'success'] as const)
          await provider.tell({ ...told, commit: sha('a'), state }, signal());
        await provider.tell({ ...told, commit: sha('b'), state: 'failure' }, signal());
        const found = () => standIn.deployments.map(({ sha: of, state }) => [of, state]);
        const words = { github: ['success', 'failure'], gitlab: ['success', 'failed'] };
        if (kind === 'gitea' || kind === 'bitbucket') return assert.deepEqual(standIn.requests, []);
        assert.deepEqual(found(), [
          [sha('a'), words[kind][0]],
          [sha('b'), words[kind][1]],
        ]);
        await provider.tell({ ...told, commit: null, state: 'inactive' }, signal());
        assert.ok(found().some(([, state]) => state === (kind === 'github' ? 'inactive' : 'stopped')));
      }));

    test('what becomes of one commit in an environment that lasts says nothing of its other ones', () =>
      use(kind, async (provider, standIn) => {
        const environment = 'shop/production';
        const told = { kind: 'commit-deployment', environment, branch: 'main', description: 'd', url: null } as const;
        const tell = (digit: string, state: ReportState) =>
          provider.tell({ ...told, production: true, commit: sha(digit), state }, signal());
        await tell('a', 'inactive');
        await tell('a', 'success');
        await tell('b', 'pending');
        await tell('b', 'success');
        await tell('a', 'inactive');
        if (kind === 'gitea' || kind === 'bitbucket') return assert.deepEqual(standIn.requests, []);
        const found = standIn.deployments.map(({ sha: of, state }) => [of[0], state]);
        // GitLab takes the newest for the one that there is.
        assert.deepEqual(found, [
          ['a', kind === 'github' ? 'inactive' : 'success'],
          ['b', 'success'],
        ]);
      }));

    test('all open pull requests are listed, over as many pages as there are; one is found, or is not there', () =>
      use(kind, async (provider, standIn) => {
        for (let number = 1; number <= 7; number += 1)
          standIn.pulls.push({ number, state: 'open', branch: `b${number}`, commit: sha('a'), fromFork: number === 2 });
        standIn.pulls.push({ number: 8, state: 'merged', branch: 'b8', commit: sha('a'), fromFork: false });
        const open = await provider.openPullRequests(signal());
        assert.deepEqual(
          open.map(({ number }) => number),
          [1, 2, 3, 4, 5, 6, 7],
        );
        assert.deepEqual(
          open.filter(({ fromFork }) => fromFork).map(({ branch }) => branch),
          ['b2'],
        );
        assert.equal(open[0]?.commit, kind === 'bitbucket' ? null : sha('a'));
        const merged = await provider.pullRequest(8, signal());
        assert.deepEqual([merged?.open, merged?.merged], [false, true]);
        assert.equal(await provider.pullRequest(9, signal()), null);
      }));

    test('what helps to try again is told from what does not, with the time that the provider asks for', () =>
      use(kind, async (provider, standIn) => {
        const reset = String(Math.ceil(Date.now() / 1_000) + 60);
        const limit = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
        const cases = [
          [{ status: 503 }, 'provider_unavailable', null],
          [{ status: 502, body: '<html>' }, 'provider_unavailable', null],
          [{ status: 429, headers: { 'retry-after': '7' } }, 'provider_unavailable', 7_000],
          [{ status: 403, headers: limit }, 'provider_unavailable', 60_000],
          [{ status: 403 }, 'provider_refused', null],
          [{ status: 404 }, 'provider_refused', null],
          [{ status: 422, body: '{"message":"No commit found"}' }, 'provider_refused', null],
          [{ status: 301, headers: { location: 'http://127.0.0.1:1/' } }, 'provider_refused', null],
        ] as const;
        for (const [misfortune, code, afterMs] of cases) {
          standIn.misfortunes.push(misfortune);
          const error = await provider.openPullRequests(signal()).then(
            () => null,
            (caught: unknown) => caught,
          );
          assert.ok(error instanceof ProviderError, String(error));
          assert.equal(error.code, code, JSON.stringify(misfortune));
          if (afterMs === null) assert.equal(error.retryAfterMs, null);
          else assert.ok(Math.abs((error.retryAfterMs ?? 0) - afterMs) <= 1_500, String(error.retryAfterMs));
          assert.doesNotMatch(error.message, /secret-token/);
        }
      }));

    test('rule 10: a provider at an internal address is not asked, unless that is allowed', () =>
      use(kind, async (_, standIn) => {
        const guarded = createProviders(outgoingFetch(addressRule([])));
        for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
          const provider = guarded({ ...standIn.access, apiUrl: standIn.apiUrl.replace('127.0.0.1', host) });
          await assert.rejects(provider.openPullRequests(signal()), /internal address/);
        }
        assert.deepEqual(standIn.requests, []);
      }));
  });

test('rule 10: internal addresses in every spelling are told from those on the internet', () => {
  const isAllowed = addressRule(['10.1.0.0/16', 'fd00::5']);
  const internal = ['127.0.0.1', '10.2.0.1', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'];
  const alsoInternal = ['::1', '::', 'fe80::1', 'fd00::6', '::ffff:10.2.0.1', '::ffff:7f00:1', '64:ff9b::127.0.0.1'];
  for (const address of [...internal, ...alsoInternal]) assert.equal(isAllowed(address), false, address);
  for (const address of ['1.1.1.1', '140.82.112.5', '2606:50c0::1', '10.1.2.3', 'fd00::5', '::ffff:10.1.2.3'])
    assert.equal(isAllowed(address), true, address);
  assert.throws(() => addressRule(['10.0.0.0/40']), { code: 'invalid_input' });
});
