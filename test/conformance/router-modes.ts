import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedRoute, stableOnly } from '../../src/domain/route.ts';
import { until } from '../harness/haproxy.ts';
import { runSteadyLoad } from '../harness/haproxy-steady-load.ts';
import { server, type RouterUnderTest } from './router.ts';
import type { Visitors } from './router-visitors.ts';

const signal = () => AbortSignal.timeout(20_000);
const held = (slot: number) => ({ ...stableOnly(slot), mode: 'held' }) as const;

/** Modes of a route and the visitors' lanes. */
export function routerModesConformance(use: (work: (under: RouterUnderTest) => Promise<void>) => Promise<void>): void {
  test('rule 5.2: 100 requests a second, a third of them POSTs, are held for 3 s and then go where the route leads: 0 failed', (t) =>
    use(async ({ router, startApp, send, connections }) => {
      await using old = await startApp('old');
      await using fresh = await startApp('fresh');
      await router.addServer(1, server(old), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      await using load = runSteadyLoad({ send, connections }, 'a.localhost', 100);
      await until('the load runs', () => old.seen() > 50);
      await router.setRoute(['a.localhost'], held(1), signal());
      await until('nothing reaches the old one', async () => (await router.inFlight(1, null, signal())) === 0);
      const before = old.seen();
      await sleep(3_000);
      assert.equal(old.seen(), before, 'nothing passed while it was held');
      await router.addServer(2, server(fresh), signal());
      await router.setRoute(['a.localhost'], stableOnly(2), signal());
      await until('the new one has what waited', () => fresh.seen() > 300);
      const result = await load.stop();
      t.diagnostic(`${result.requests} requests, the longest took ${Math.round(result.longestMs)} ms`);
      assert.deepEqual(result.failures, []);
      assert.equal(result.answers.get('old'), before);
      assert.equal(result.answers.get('fresh'), result.requests - before);
      assert.ok(result.longestMs < 4_500, `the longest took ${result.longestMs} ms`);
    }));

  test('a route that becomes a plain one and another again, a hundred times under load, loses no request', (t) =>
    use(async ({ router, startApp, send, connections }) => {
      await using old = await startApp('old');
      await using fresh = await startApp('fresh');
      await router.addServer(1, server(old), signal());
      await router.addServer(2, server(fresh), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      await using load = runSteadyLoad({ send, connections }, 'a.localhost', 300);
      const targets = [sharedRoute(1, 2, 50), stableOnly(2), { ...stableOnly(2), observed: true }, stableOnly(1)];
      for (let round = 0; round < 25; round += 1) {
        const before = old.seen() + fresh.seen();
        for (const target of targets) await router.setRoute(['a.localhost'], target, signal());
        await until('the load goes on', () => old.seen() + fresh.seen() > before);
        assert.deepEqual((await router.snapshot(signal())).routes.get('a.localhost'), stableOnly(1));
      }
      const result = await load.stop();
      t.diagnostic(`${result.requests} requests`);
      assert.deepEqual(result.failures, []);
    }));

  test('rule 5.2: a hold outlives a restart of the router, and its end finds the candidate as well', () =>
    use(async ({ router, kill, startApp, send }) => {
      await using old = await startApp('old');
      await using fresh = await startApp('fresh');
      await router.addServer(1, server(old), signal());
      await router.addServer(2, server(fresh), signal());
      await router.setRoute(['a.localhost'], held(1), signal());
      await kill();
      await until('it answers again', () => answers(send));
      const waiting = send('a.localhost', { method: 'POST', body: 'x'.repeat(100_000) });
      const first = await Promise.race([waiting.then(() => 'answered'), sleep(300, 'waits')]);
      assert.equal(first, 'waits');
      await router.setRoute(['a.localhost'], sharedRoute(1, 2, 100), signal());
      assert.deepEqual(pick(JSON.parse((await waiting).body)), { name: 'fresh', received: 100_000 });
    }));

  test('rule 5.2: a visitor who leaves no longer waits, and his request reaches nobody', () =>
    use(async ({ router, startApp, send, open }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], held(1), signal());
      const leaving = open('a.localhost');
      await sleep(200);
      leaving.leave();
      await sleep(100);
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      assert.equal((await send('a.localhost')).status, 200);
      await sleep(200);
      assert.equal(app.seen(), 1);
    }));

  test('rule 2.2: a paused environment answers 503 with a page that says so, Retry-After and no-store', () =>
    use(async ({ router, startApp, send }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'paused' }, signal());
      for (const method of ['GET', 'POST']) {
        const answer = await send('a.localhost', { method });
        assert.equal(answer.status, 503);
        assert.match(answer.body, /paused/);
        assert.match(answer.headers['retry-after'] ?? '', /^\d+$/);
        assert.equal(answer.headers['cache-control'], 'no-store');
      }
      assert.equal(app.seen(), 0);
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      assert.equal((await send('a.localhost')).status, 200);
    }));

  test('the snapshot tells mode, candidate, share and whether it is observed, also after a restart', () =>
    use(async ({ router, kill, reopen, send }) => {
      const targets = {
        'plain.localhost': stableOnly(1),
        'observed.localhost': { ...stableOnly(1), observed: true },
        'held.localhost': { ...sharedRoute(1, 2, 30), mode: 'held' },
        'paused.localhost': { ...stableOnly(3), mode: 'paused' },
        'shared.localhost': sharedRoute(1, 2, 30),
        'quiet.localhost': { ...sharedRoute(1, 2, 0), observed: false },
      } as const;
      for (const [host, target] of Object.entries(targets)) await router.setRoute([host], target, signal());
      assert.deepEqual(Object.fromEntries((await router.snapshot(signal())).routes), targets);
      await kill();
      await until('it answers again', () => answers(send));
      const again = await reopen();
      await again.ensureRunning(signal());
      assert.deepEqual(Object.fromEntries((await again.snapshot(signal())).routes), targets);
    }));

  test('a visitor goes from the old to the new version at most once while the share grows, also through a challenge', () =>
    use(async ({ router, startApp, send }) => {
      await using old = await startApp('old');
      await using fresh = await startApp('fresh');
      await router.addServer(1, server(old), signal());
      await router.addServer(2, server(fresh), signal());
      await router.setRoute(['a.localhost'], sharedRoute(1, 2, 10), signal());
      const visitors: string[] = [];
      for (let index = 0; index < 60; index += 1) {
        const { cookies } = await send('a.localhost', { path: '/page' });
        visitors.push(cookies[0]?.split(';')[0] ?? '');
      }
      assert.equal(new Set(visitors).size, 60, 'each has a cookie of his own');
      const at = async (share: number) => {
        await router.setRoute(['a.localhost'], sharedRoute(1, 2, share), signal());
        const names = visitors.map(async (cookie) => {
          const answer = await send('a.localhost', { headers: { cookie }, path: '/page/asset.js' });
          assert.equal(answer.cookies[0], undefined);
          return JSON.parse(answer.body).name as string;
        });
        return Promise.all(names);
      };
      const atTen = await at(10);
      const atThirty = await at(30);
      assert.deepEqual(new Set(await at(100)), new Set(['fresh']));
      const challenged = await at(20);
      atTen.forEach((name, index) => {
        if (name === 'fresh') assert.deepEqual([atThirty[index], challenged[index]], ['fresh', 'fresh']);
        if (challenged[index] === 'fresh') assert.equal(atThirty[index], 'fresh');
      });
      assert.deepEqual(await at(20), challenged, 'nobody moves while the share stays');
      const other = await send('a.localhost', {
        headers: { cookie: 'cutover_lane=slot0009.1.5' },
        path: '/page',
      });
      assert.match(other.cookies[0] ?? '', /; Path=\/; HttpOnly; SameSite=Lax$/, 'not of this candidate');
    }));
}

function pick({ name, received }: { name: string; received: number }) {
  return { name, received };
}

function answers(send: Visitors['send']): Promise<boolean> {
  return send('nobody.localhost').then(
    () => true,
    () => false,
  );
}
