import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stableOnly } from '../../src/domain/route.ts';
import type { Router } from '../../src/engine/ports/router.ts';
import { until } from '../harness/haproxy.ts';
import { server, type RouterUnderTest } from './router.ts';

const signal = () => AbortSignal.timeout(20_000);
const asleep = { ...stableOnly(1), mode: 'asleep' } as const;

/** Routes of what sleeps. */
export function routerAsleepConformance(use: (work: (under: RouterUnderTest) => Promise<void>) => Promise<void>): void {
  test('rule 6: a request to what sleeps waits, is told of again and again, and is answered when it is awake', () =>
    use(async ({ router, startApp, send }) => {
      await using app = await startApp('a');
      await router.setRoute(['a.localhost', 'b.localhost'], asleep, signal());
      using heard = listen(router);
      await sleep(300);
      assert.deepEqual(heard.hosts, [], 'nobody waits');
      const waiting = [
        send('a.localhost'),
        send('A.localhost:8080', { method: 'POST', body: 'x'.repeat(100_000) }),
        send('a.localhost'),
      ];
      await until('it is told of three times', () => heard.hosts.length >= 3);
      assert.deepEqual(new Set(heard.hosts), new Set(['a.localhost']));
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
      await sleep(100);
      const before = heard.hosts.length;
      await sleep(400);
      assert.equal(heard.hosts.length, before, 'nobody waits any more');
    }));

  test('rule 6: it is told by a router that was restarted, too', () =>
    use(async ({ router, kill, send, startApp }) => {
      await using app = await startApp('a');
      await router.addServer(1, server(app), signal());
      await router.setRoute(['a.localhost'], asleep, signal());
      using heard = listen(router);
      await kill();
      await until('it answers again', () =>
        send('nobody.localhost').then(
          () => true,
          () => false,
        ),
      );
      const waiting = send('a.localhost');
      await until('it is told of', () => heard.hosts.includes('a.localhost'));
      await router.setRoute(['a.localhost'], stableOnly(1), signal());
      assert.equal((await waiting).status, 200);
    }));

  test('rule 6: what did not wake answers 503 at once with a page that says so, also those who wait', () =>
    use(async ({ router, send }) => {
      await router.setRoute(['a.localhost'], asleep, signal());
      const waiting = send('a.localhost');
      assert.equal(await Promise.race([waiting.then(() => 'answered'), sleep(300, 'waits')]), 'waits');
      await router.setRoute(['a.localhost'], { ...asleep, mode: 'unwoken' }, signal());
      for (const answer of [await waiting, await send('a.localhost', { method: 'POST' })]) {
        assert.equal(answer.status, 503);
        assert.match(answer.body, /did not start/);
        assert.match(answer.headers['retry-after'] ?? '', /^\d+$/);
        assert.equal(answer.headers['cache-control'], 'no-store');
      }
    }));

  test('the snapshot tells what sleeps, also after a restart', () =>
    use(async ({ router, reopen }) => {
      const unwoken = { ...asleep, mode: 'unwoken' } as const;
      await router.setRoute(['a.localhost'], asleep, signal());
      await router.setRoute(['b.localhost'], unwoken, signal());
      const again = await reopen();
      await again.ensureRunning(signal());
      const { routes } = await again.snapshot(signal());
      assert.deepEqual([routes.get('a.localhost'), routes.get('b.localhost')], [asleep, unwoken]);
    }));
}

/** The hosts that are told, from now on until it is disposed of. */
export function listen(router: Router): Disposable & { readonly hosts: readonly string[] } {
  const hosts: string[] = [];
  const over = new AbortController();
  void (async () => {
    for await (const some of router.awaited(over.signal)) hosts.push(...some);
  })();
  return { hosts, [Symbol.dispose]: () => over.abort() };
}
