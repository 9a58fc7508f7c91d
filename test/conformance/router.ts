import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedRoute, stableOnly } from '../../src/domain/route.ts';
import type { Router, RouterServer } from '../../src/engine/ports/router.ts';
import { until } from '../harness/haproxy.ts';
import { runLoad } from '../harness/haproxy-load.ts';
import type { App, Visitors } from './router-visitors.ts';

export interface RouterUnderTest extends Visitors {
  readonly router: Router;
  /** A new object for the same router, as after a restart of the control plane. */
  readonly reopen: () => Promise<Router>;
  /** Kills the processes that carry traffic. */
  readonly kill: () => Promise<void>;
}

const signal = () => AbortSignal.timeout(20_000);

export function server(
  app: Pick<App, 'port'>,
  change: Partial<{ name: string; redundancy: 'alone' | 'one-of-many' | 'guarded' }> = {},
): RouterServer {
  return { kind: 'instance', name: 'i1', address: '127.0.0.1', port: app.port, redundancy: 'alone', ...change };
}

/** What every router must do. `use` hands out a running router with slots 1 to 20 empty, no route, and ends it afterwards. */
export function routerConformance(use: (work: (under: RouterUnderTest) => Promise<void>) => Promise<void>): void {
  test('a host is sent to the servers of its slot, and an unknown host gets a page that nobody keeps', () =>
    use(async ({ router, startApp, send }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      assert.equal(JSON.parse((await send('A.localhost:8080')).body).name, 'a');
      const unknown = await send('b.localhost');
      assert.equal(unknown.status, 404);
      assert.equal(unknown.headers['cache-control'], 'no-store');
      await router.removeRoute(['a.localhost'], signal());
      assert.equal((await send('a.localhost')).status, 404);
    }));

  test('a slot without a server answers 503 with Retry-After and no-store', () =>
    use(async ({ router, send }) => {
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      const answer = await send('a.localhost');
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['retry-after'], '5');
    }));

  test('every change may be repeated', () =>
    use(async ({ router, startApp, send }) => {
      await using app = await startApp('a');
      for (let round = 0; round < 2; round += 1) {
        for (let again = 0; again < 2; again += 1) await router.addServer(1, server(app), signal());
        for (let again = 0; again < 2; again += 1) await router.setRoute(['a.localhost'], stableOnly(1), signal());
        for (let again = 0; again < 2; again += 1) await router.drainServer(1, 'i1', signal());
        assert.equal((await router.snapshot(signal())).servers[0]?.draining, true);
        assert.deepEqual(await router.serverNames(1, signal()), ['i1']);
        assert.deepEqual(await router.serverNames(2, signal()), []);
        for (let again = 0; again < 2; again += 1) await router.resumeServer(1, 'i1', signal());
        assert.equal((await send('a.localhost')).status, 200);
        for (let again = 0; again < 2; again += 1) await router.removeServer(1, 'i1', signal());
        for (let again = 0; again < 2; again += 1) await router.removeRoute(['a.localhost'], signal());
        for (let again = 0; again < 2; again += 1) await router.clearSlot(1, signal());
        const left = await router.snapshot(signal());
        assert.deepEqual([left.servers.length, left.routes.size], [0, 0]);
      }
    }));

  test('a hundred concurrent changes are all in force when they resolve', () =>
    use(async ({ router, startApp, send }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      const hosts = Array.from({ length: 100 }, (_, index) => `h${index}.localhost`);
      await Promise.all(hosts.map((host) => router.setRoute([host], stableOnly(1), signal())));
      assert.equal((await send('h99.localhost')).status, 200);
      assert.equal((await router.snapshot(signal())).routes.size, 100);
    }));

  test('values that HAProxy could read as something else are refused and change nothing', () =>
    use(async ({ router }) => {
      const bad = { kind: 'instance', name: 'i1', address: '127.0.0.1;x', port: 80, redundancy: 'alone' } as const;
      await assert.rejects(router.addServer(1, bad, signal()), { code: 'invalid_input' });
      await assert.rejects(router.setRoute(['a b;c'], stableOnly(1), signal()), { code: 'invalid_input' });
      await assert.rejects(router.setRoute(['a.localhost'], stableOnly(9999), signal()), { code: 'invalid_input' });
      assert.equal((await router.snapshot(signal())).routes.size, 0);
    }));

  test('a server that comes back with another address is moved to it', () =>
    use(async ({ router, startApp, send }) => {
      await using first = await startApp('first');
      await using second = await startApp('second');
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      await router.addServer(1, server(first), signal());
      const slow = send('a.localhost', { path: '/slow/400' });
      await until('the slow request is in flight', async () => (await router.inFlight(1, 'i1', signal())) === 1);
      await router.addServer(1, server(second), signal());
      assert.equal(JSON.parse((await send('a.localhost')).body).name, 'second');
      assert.equal(await router.inFlight(1, 'i1', signal()), 1);
      assert.equal(JSON.parse((await slow).body).name, 'first');
      assert.equal((await router.snapshot(signal())).servers.length, 1);
    }));

  test('rule 5.2: the candidate gets its share, and a visitor with our cookie stays where he is', () =>
    use(async ({ router, startApp, send }) => {
      await using old = await startApp('old');
      await using fresh = await startApp('fresh');
      await router.addServer(1, server(old), signal());
      await router.addServer(2, server(fresh), signal());
      for (const [share, least, most] of [
        [0, 0, 0],
        [30, 50, 130],
        [100, 300, 300],
      ] as const) {
        await router.setRoute(['a.localhost'], sharedRoute(1, 2, share), signal());
        const before = fresh.seen();
        for (let index = 0; index < 300; index += 1) await send('a.localhost');
        const count = fresh.seen() - before;
        assert.ok(count >= least && count <= most, `${count} of 300 went to the candidate at ${share} %`);
      }
      await router.setRoute(['a.localhost'], sharedRoute(1, 2, 50), signal());
      assert.equal((await send('a.localhost')).cookies[0], undefined, 'only a page sets it');
      const first = await send('a.localhost', { path: '/page' });
      const set = first.cookies[0] ?? '';
      assert.match(set, /; HttpOnly; SameSite=Lax$/);
      const headers = { cookie: set.split(';')[0] ?? '' };
      for (let index = 0; index < 20; index += 1) {
        const answer = await send('a.localhost', { headers });
        assert.equal(JSON.parse(answer.body).name, JSON.parse(first.body).name);
        assert.equal(answer.cookies[0], undefined);
        assert.equal((await send('a.localhost', { headers, path: '/page' })).cookies[0], undefined);
      }
      await router.setRoute(['a.localhost'], stableOnly(2), signal());
      const later = await send('a.localhost', { path: '/page' });
      assert.equal(later.cookies[0], undefined);
      assert.equal(JSON.parse(later.body).name, 'fresh');
    }));

  test('rule 5.4: what is in flight is counted, outlives a switch, and exactly as many sessions are closed as asked', () =>
    use(async ({ router, startApp, send, open, openWebSocket }) => {
      await using old = await startApp('old');
      await using fresh = await startApp('fresh');
      await router.addServer(1, server(old), signal());
      await router.addServer(2, server(fresh), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      const sockets = [await openWebSocket('a.localhost'), await openWebSocket('a.localhost')];
      await open('a.localhost', { path: '/stream' }).answered;
      const slow = send('a.localhost', { path: '/slow/500', method: 'POST', body: 'x'.repeat(1000) });
      await until('four are in flight', async () => (await router.inFlight(1, null, signal())) === 4);
      assert.equal(await router.inFlight(1, 'i1', signal()), 4);
      await router.setRoute(['a.localhost'], stableOnly(2), signal());
      assert.equal(JSON.parse((await send('a.localhost')).body).name, 'fresh');
      assert.equal(JSON.parse((await slow).body).name, 'old');
      await until('three are in flight', async () => (await router.inFlight(1, null, signal())) === 3);
      for (const socket of sockets) assert.equal(await socket.echo('x'), 'old:x');
      assert.equal(await router.closeSessions(1, 'i1', 1, signal()), 1);
      await until('two are in flight', async () => (await router.inFlight(1, null, signal())) === 2);
      assert.equal(await router.closeSessions(1, null, 5, signal()), 2);
      await until('none is in flight', async () => (await router.inFlight(1, null, signal())) === 0);
      assert.equal(await router.inFlight(2, null, signal()), 0);
    }));

  test('removing a server closes what is open', () =>
    use(async ({ router, startApp, openWebSocket }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      const socket = await openWebSocket('a.localhost');
      let isClosed = false;
      void socket.closed.then(() => (isClosed = true));
      await router.removeServer(1, 'i1', signal());
      await until('it is closed', () => isClosed);
      assert.equal((await router.snapshot(signal())).servers.length, 0);
    }));

  test('counters: 5xx and cut off answers failed, clients that went away did not; clearing a slot starts from zero', () =>
    use(async ({ router, startApp, send, open }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      for (let index = 0; index < 5; index += 1) await send('a.localhost');
      await send('a.localhost', { path: '/500' });
      await assert.rejects(send('a.localhost', { path: '/cut' }));
      const left = open('a.localhost', { path: '/slow/200' });
      await until('it is in flight', async () => (await router.inFlight(1, null, signal())) === 1);
      left.leave();
      await until('it has ended', async () => (await router.inFlight(1, null, signal())) === 0);
      const { requests, failed } = await router.counters(1, signal());
      assert.deepEqual({ requests, failed }, { requests: 8, failed: 2 });
      await router.removeRoute(['a.localhost'], signal());
      await router.clearSlot(1, signal());
      assert.deepEqual(await router.counters(1, signal()), { requests: 0, failed: 0 });
    }));

  test('a slot that serves is not emptied for whoever was overtaken; one whose requests are held is', () =>
    use(async ({ router, startApp, send }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.addServer(2, server(app), signal());
      await router.setRoute(['a.localhost'], sharedRoute(1, 2, 0), signal());
      for (const slot of [1, 2]) await assert.rejects(router.clearSlot(slot, signal()), { code: 'slot_in_use' });
      assert.equal((await send('a.localhost')).status, 200);
      assert.equal((await router.snapshot(signal())).servers.length, 2);
      await router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'held' }, signal());
      for (const slot of [1, 2]) await router.clearSlot(slot, signal());
      assert.deepEqual((await router.snapshot(signal())).servers, []);
    }));

  test('a late change of a route does not undo a newer one; one without a number always counts', () =>
    use(async ({ router, startApp }) => {
      await using app = await startApp('a');
      for (const slot of [1, 2]) await router.addServer(slot, server(app), signal());
      const hosts = ['a.localhost', 'b.localhost'];
      const now = async () => {
        const { routes } = await router.snapshot(signal());
        return hosts.map((host) => routes.get(host)?.stable ?? null);
      };
      await router.setRoute(['a.localhost'], stableOnly(2), signal(), 8);
      await router.setRoute(hosts, stableOnly(1), signal(), 7);
      assert.deepEqual(await now(), [2, 1]);
      await router.setRoute(hosts, stableOnly(2), signal(), 8);
      assert.deepEqual(await now(), [2, 2]);
      await router.removeRoute(hosts, signal(), 7);
      assert.deepEqual(await now(), [2, 2]);
      await router.removeRoute(hosts, signal(), 9);
      await router.setRoute(hosts, stableOnly(1), signal(), 8);
      assert.deepEqual(await now(), [null, null]);
      await router.setRoute(hosts, stableOnly(1), signal());
      assert.deepEqual(await now(), [1, 1]);
    }));

  test('rule 5.5: requests to a single instance wait while it restarts', () =>
    use(async ({ router, startApp, send }) => {
      const app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      assert.equal((await send('a.localhost')).status, 200);
      await app[Symbol.asyncDispose]();
      const began = performance.now();
      const waiting = [send('a.localhost'), send('a.localhost', { method: 'POST', body: 'x' })];
      await until('two seconds have passed', () => performance.now() - began > 2_000);
      await using again = await startApp('again', app.port);
      for (const answer of await Promise.all(waiting)) assert.equal(JSON.parse(answer.body).name, again.name);
    }));

  test('rule 5.5: with two instances, one that refuses costs no request', () =>
    use(async ({ router, startApp, send }) => {
      const gone = await startApp('gone');
      await using alive = await startApp('alive');
      await router.addServer(1, server(gone, { redundancy: 'one-of-many' }), signal());
      await router.addServer(1, server(alive, { name: 'i2', redundancy: 'one-of-many' }), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      for (let index = 0; index < 10; index += 1) assert.equal((await send('a.localhost')).status, 200);
      await gone[Symbol.asyncDispose]();
      const began = performance.now();
      for (let index = 0; index < 50; index += 1) {
        assert.equal((await send('a.localhost', { method: index % 2 === 0 ? 'GET' : 'POST' })).status, 200);
      }
      // One may have been on its way to the one that is gone just when a check found out: that one waits a second.
      assert.ok(performance.now() - began < 2_000, 'the requests did not wait for the one that is gone');
    }));

  test('rule 5.4: twenty switches under load lose no request', () =>
    use(async ({ router, startApp, send, connections }) => {
      let current = await startApp('v0');
      await router.addServer(1, server(current), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      await using load = runLoad({ send, connections }, 'a.localhost');
      for (let version = 1; version <= 20; version += 1) {
        const next = await startApp(`v${version}`);
        const [slot, oldSlot] = [(version % 10) + 1, ((version - 1) % 10) + 1];
        const { seen } = current;
        await until('it serves', () => seen() >= 10);
        await router.addServer(slot, server(next), signal());
        await router.setRoute(['a.localhost'], stableOnly(slot), signal());
        await router.drainServer(oldSlot, 'i1', signal());
        await until('the old one is drained', async () => (await router.inFlight(oldSlot, null, signal())) === 0);
        await router.clearSlot(oldSlot, signal());
        await current[Symbol.asyncDispose]();
        current = next;
      }
      const result = await load.stop();
      await current[Symbol.asyncDispose]();
      assert.deepEqual(result.failures, []);
      assert.ok(result.requests > 200, `${result.requests} requests`);
    }));

  test('rule 5.9: a router that is killed is back within about a second with the same routes, without the control plane', () =>
    use(async ({ router, kill, reopen, startApp, send }) => {
      await using app = await startApp('a');
      await using other = await startApp('b');
      await router.addServer(1, server(app), signal());
      await router.addServer(2, server(other, { redundancy: 'one-of-many' }), signal());
      await router.addServer(2, server(app, { name: 'i2', redundancy: 'one-of-many' }), signal());
      await router.drainServer(2, 'i2', signal());
      await router.setRoute(['a.localhost'], sharedRoute(1, 2, 30), signal());
      await send('a.localhost');
      const counted = await router.counters(1, signal());
      const before = await router.snapshot(signal());
      await kill();
      const began = performance.now();
      await until('it serves again', () =>
        send('a.localhost').then(
          ({ status }) => status === 200,
          () => false,
        ),
      );
      assert.ok(performance.now() - began < 1_500, 'about a second');
      assert.deepEqual(sorted(await router.snapshot(signal())), sorted(before));
      assert.ok((await router.counters(1, signal())).requests >= counted.requests, 'sums never go down');
      const reopened = await reopen();
      await reopened.ensureRunning(signal());
      assert.deepEqual(sorted(await reopened.snapshot(signal())), sorted(before));
      await reopened.resumeServer(2, 'i2', signal());
      await reopened.setRoute(['a.localhost'], stableOnly(2), signal());
      const names = new Set<string>();
      for (let index = 0; index < 6; index += 1) names.add(JSON.parse((await send('a.localhost')).body).name);
      assert.deepEqual([...names].toSorted(), ['a', 'b']);
    }));

  test('growing loses no request and keeps WebSockets, which are still counted, closed and switched away from', () =>
    use(async ({ router, startApp, send, connections, openWebSocket }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      const socket = await openWebSocket('a.localhost');
      await using load = runLoad({ send, connections }, 'a.localhost');
      await until('the load runs', () => app.seen() > 50);
      const before = await router.counters(1, signal());
      await router.grow(40, signal());
      assert.equal(router.capacity(), 40);
      await router.addServer(40, server(app), signal());
      await router.setRoute(['b.localhost'], stableOnly(40), signal());
      assert.equal((await send('b.localhost')).status, 200);
      const seen = app.seen();
      await until('the load goes on', () => app.seen() > seen + 100);
      assert.ok((await router.counters(1, signal())).requests > before.requests, 'old and new are summed');
      assert.deepEqual((await load.stop()).failures, []);
      assert.equal(await socket.echo('x'), 'a:x');
      await until('only the WebSocket is left', async () => (await router.inFlight(1, 'i1', signal())) === 1);
      assert.equal(await router.closeSessions(1, null, 3, signal()), 1);
      await until('none is left', async () => (await router.inFlight(1, null, signal())) === 0);
    }));
}

function sorted(snapshot: Awaited<ReturnType<Router['snapshot']>>) {
  const servers = snapshot.servers.map((one) => JSON.stringify(one)).toSorted();
  return { servers, routes: [...snapshot.routes].map((one) => JSON.stringify(one)).toSorted() };
}
