import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedRoute, stableOnly } from '../../src/domain/route.ts';
import type { RequestOutcome, Router } from '../../src/engine/ports/router.ts';
import { until } from '../harness/haproxy.ts';
import { server, type RouterUnderTest } from './router.ts';

const signal = () => AbortSignal.timeout(20_000);

/** Everything that the router tells from now on. */
export function listen(
  router: Router,
): Disposable & { readonly told: RequestOutcome[]; of(path: string): RequestOutcome[] } {
  const told: RequestOutcome[] = [];
  const stop = new AbortController();
  const read = async () => {
    for await (const batch of router.outcomes(stop.signal)) told.push(...batch);
  };
  // What it fails with ends the test's process: nothing was told any more.
  void read();
  return { told, of: (path) => told.filter((one) => one.path === path), [Symbol.dispose]: () => stop.abort() };
}

/** How requests ended. */
export function routerOutcomesConformance(
  use: (work: (under: RouterUnderTest) => Promise<void>) => Promise<void>,
): void {
  test('every request of an observed host is told once: how it ended, where, and how long it took', () =>
    use(async ({ router, startApp, send, open, openWebSocket }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], { ...stableOnly(1), observed: true }, signal());
      using heard = listen(router);
      const began = Date.now();
      await send('a.localhost', { path: '/slow/120' });
      await send('a.localhost', { path: '/plain?secret=1', headers: { authorization: 'secret' } });
      await send('a.localhost', { path: '/post', method: 'POST', body: 'x' });
      await send('a.localhost', { path: '/head', method: 'HEAD' });
      await send('a.localhost', { path: '/500' });
      await assert.rejects(send('a.localhost', { path: '/cut' }));
      await assert.rejects(send('a.localhost', { path: '/die', method: 'POST', body: 'x' }).then(failIfBad));
      await send('a.localhost', { path: `/${'l'.repeat(400)}` });
      await send('a.localhost', { path: `/a%0ab%20c"'|` }).catch(() => undefined);
      const left = open('a.localhost', { path: '/slow/900' });
      await until('it is in flight', async () => (await router.inFlight(1, null, signal())) === 1);
      left.leave();
      const stream = open('a.localhost', { path: '/drip' });
      await stream.answered;
      stream.leave();
      const socket = await openWebSocket('a.localhost');
      assert.equal(await socket.echo('x'), 'a:x');
      socket.close();
      await until('all are told', () =>
        ['/', '/die', '/drip', '/slow/900'].every((path) => heard.of(path).length === 1),
      );
      const shown = (path: string) => {
        const [one, ...others] = heard.of(path);
        assert.ok(one !== undefined && others.length === 0, `${path} is told once`);
        const { slot, server: name, status, ending, method, refused, upgrade, weight, client } = one;
        assert.deepEqual([slot, refused, weight, client], [1, false, 1, null]);
        return { name, status, ending, method, upgrade };
      };
      const whole = { name: 'i1', status: 200, ending: 'complete', method: 'GET', upgrade: false };
      assert.deepEqual(shown('/slow/120'), whole);
      assert.deepEqual(shown('/plain'), whole);
      assert.deepEqual(shown('/post'), { ...whole, method: 'POST' });
      assert.deepEqual(shown('/head'), { ...whole, method: 'HEAD' });
      assert.deepEqual(shown('/500'), { ...whole, status: 500 });
      assert.deepEqual(shown('/cut'), { ...whole, ending: 'cut-by-server' });
      assert.deepEqual(shown('/die'), { ...whole, name: null, status: 502, ending: 'no-response', method: 'POST' });
      assert.deepEqual(shown(`/${'l'.repeat(255)}`), whole);
      // The router does not look whether a visitor is still there while the app works.
      assert.deepEqual(shown('/slow/900'), whole);
      assert.deepEqual(shown('/drip'), { ...whole, ending: 'client-gone' });
      assert.deepEqual([shown('/').name, shown('/').upgrade, shown('/').status], ['i1', true, 101]);
      assert.ok(['complete', 'client-gone'].includes(shown('/').ending));
      const slow = heard.of('/slow/120')[0];
      assert.ok(
        slow !== undefined && slow.headersMs !== null && slow.headersMs >= 115 && slow.headersMs < 3_000,
        JSON.stringify(slow),
      );
      assert.ok(slow.durationMs >= slow.headersMs && slow.at >= began && slow.at <= Date.now() + 5);
      assert.doesNotMatch(JSON.stringify(heard.told), /secret/);
    }));

  test('a request that the router answered in the place of the app says why, and none says it of a host without a route', () =>
    use(async ({ router, send }) => {
      await router.setRoute(['none.localhost'], { ...stableOnly(1), observed: true }, signal());
      await router.setRoute(['paused.localhost'], { ...stableOnly(2), mode: 'paused', observed: true }, signal());
      using heard = listen(router);
      await send('unknown.localhost', { path: '/unknown' });
      await send('none.localhost', { path: '/none' });
      await send('paused.localhost', { path: '/paused' });
      await until('two are told', () => heard.told.length === 2);
      const shown = heard.told.map(({ path, slot, status, ending, server: name }) => [
        path,
        slot,
        status,
        ending,
        name,
      ]);
      assert.deepEqual(shown, [
        ['/none', 1, 503, 'refused', null],
        ['/paused', 2, 503, 'denied', null],
      ]);
    }));

  test('a visitor with the platform’s cookie is the same client in all of his requests, and another is another', () =>
    use(async ({ router, startApp, send }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], sharedRoute(1, 2, 0), signal());
      using heard = listen(router);
      const visitors = ['slot0002.99.1', 'slot0002.99.1', 'slot0002.99.2'];
      for (const [index, value] of visitors.entries())
        await send('a.localhost', { path: `/${index}`, headers: { cookie: `x=y; cutover_lane=${value}` } });
      await until('three are told', () => heard.told.length === 3);
      const clients = heard.told.map((one) => one.client);
      assert.equal(clients[0], clients[1]);
      assert.notEqual(clients[1], clients[2]);
      assert.ok(
        clients.every((one) => one !== null && !one.includes('99')),
        'it is a hash',
      );
    }));

  test('of a host that is not observed a sample is told, each standing for as many as there are on average', () =>
    use(async ({ router, startApp, send, connections }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      await router.setRoute(['b.localhost'], { ...sharedRoute(1, 2, 0), observed: false }, signal());
      using heard = listen(router);
      using over = connections(8);
      for (const host of ['a.localhost', 'b.localhost']) {
        await Promise.all(Array.from({ length: 2_000 }, () => send(host, { over, path: `/${host}` })));
        await until('some are told', () => heard.of(`/${host}`).length > 0);
        await send(host, { over });
        const weights = heard.of(`/${host}`).map((one) => one.weight);
        const sum = weights.reduce((total, one) => total + one, 0);
        assert.ok(weights.every((one) => one > 1) && sum > 700 && sum < 3_600, `${weights.length} stand for ${sum}`);
      }
    }));

  test('telling goes on over a restart and over a reload, for what the old process still has as well', () =>
    use(async ({ router, kill, startApp, send }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], { ...stableOnly(1), observed: true }, signal());
      using heard = listen(router);
      await send('a.localhost', { path: '/first' });
      await kill();
      await until('it answers again', () =>
        send('a.localhost', { path: '/second' }).then(
          () => true,
          () => false,
        ),
      );
      await until('the new process is heard', () => heard.of('/second').length === 1);
      const slow = send('a.localhost', { path: '/slow/2000' });
      await until('it is in flight', async () => (await router.inFlight(1, null, signal())) === 1);
      await router.grow(router.capacity() + 1, signal());
      await send('a.localhost', { path: '/third' });
      await slow;
      await until('both are told', () => heard.of('/third').length === 1 && heard.of('/slow/2000').length === 1);
      assert.deepEqual(
        heard.told.map((one) => one.path),
        ['/first', '/second', '/third', '/slow/2000'],
      );
    }));

  test('a request that is lost on a connection which had carried one before is told too', () =>
    use(async ({ router, startApp, send, connections }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], { ...stableOnly(1), observed: true }, signal());
      using heard = listen(router);
      using over = connections(1);
      await send('a.localhost', { over, path: '/first' });
      await until('it is told', () => heard.of('/first').length === 1);
      await until('the slot was looked at', async () => (await router.inFlight(1, null, signal())) === 0);
      const lost = { over, path: '/die', method: 'POST', body: 'x' };
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await assert.rejects(send('a.localhost', lost).then(failIfBad));
      await until('it is told', () => heard.told.length === 2);
      assert.deepEqual([heard.told[1]?.ending, heard.told[1]?.slot], ['no-response', 1]);
    }));

  test('a request is stalled when it was sent and its instance owes the headers, not while it is uploaded or answered', () =>
    use(async ({ router, startApp, open }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      assert.equal(await router.stalled(1, 1_000, signal()), 0);
      const upload = open('a.localhost', { path: '/upload', method: 'POST', part: true });
      const stream = open('a.localhost', { path: '/stream' });
      await stream.answered;
      const began = performance.now();
      const hung = [
        open('a.localhost', { path: '/slow/3500' }),
        open('a.localhost', { path: '/slow/3500', method: 'POST', body: 'all' }),
      ];
      await until('both are stalled', async () => (await router.stalled(1, 1_000, signal())) === 2);
      const after = performance.now() - began;
      assert.ok(after >= 1_000 && after < 2_600, `after ${after} ms`);
      assert.equal(await router.stalled(1, 10_000, signal()), 0);
      for (const one of [...hung, upload, stream]) one.leave();
      await until('none is', async () => (await router.stalled(1, 0, signal())) === 0);
    }));
}

function failIfBad({ status }: { status: number }): void {
  assert.ok(status < 500, String(status));
}
