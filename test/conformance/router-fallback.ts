import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stableOnly } from '../../src/domain/route.ts';
import { until } from '../harness/haproxy.ts';
import { runSteadyLoad } from '../harness/haproxy-steady-load.ts';
import { listen } from './router-outcomes.ts';
import { server, type RouterUnderTest } from './router.ts';

const signal = () => AbortSignal.timeout(20_000);
const observed = (slot: number) => ({ ...stableOnly(slot), observed: true });

/** What a crashing candidate costs while the old version is warm. */
export function routerFallbackConformance(
  use: (work: (under: RouterUnderTest) => Promise<void>) => Promise<void>,
): void {
  for (const instances of [1, 2]) {
    test(`rule 5.5: ${instances} guarded of a candidate crash under 100 requests a second: only what was in flight is lost, and it is used again within a second`, (t) =>
      use(async ({ router, startApp, startCrashingApp, send, connections }) => {
        await using old = await startApp('old');
        await using stack = new AsyncDisposableStack();
        const apps = await Promise.all(Array.from({ length: instances }, () => startCrashingApp('new')));
        for (const app of apps) stack.use(app);
        for (const [index, { port: at }] of apps.entries())
          await router.addServer(2, server({ port: at }, { name: `i${index + 1}`, redundancy: 'guarded' }), signal());
        await router.addServer(2, { kind: 'fallback', name: 'old', address: '127.0.0.1', port: old.port }, signal());
        await router.setRoute(['a.localhost'], observed(2), signal());
        using heard = listen(router);
        await using load = runSteadyLoad({ send, connections }, 'a.localhost', 100);
        await until('the candidate answers', () => (load.answers.get('new') ?? 0) > 30);
        const crashed = Date.now();
        await Promise.all(apps.map((app) => app.crash()));
        await until('the old version answers', () => (load.answers.get('old') ?? 0) > 60);
        for (const app of apps) stack.use(await startCrashingApp('new', app.port));
        const [back, before] = [performance.now(), load.answers.get('new')];
        await until('it is used again', () => load.answers.get('new') !== before, 3_000);
        const usedAfter = performance.now() - back;
        await sleep(300);
        const result = await load.stop();
        t.diagnostic(
          `${result.requests} requests, ${result.failures.length} lost, longest ${Math.round(result.longestMs)} ms, used again after ${Math.round(usedAfter)} ms`,
        );
        assert.ok(usedAfter < 1_000, `used again after ${usedAfter} ms`);
        const late = result.failures.filter((one) => Math.abs(one.at - crashed) > 60);
        assert.deepEqual(late, []);
        assert.ok(result.failures.length <= 2 && result.failures.every((one) => one.method === 'POST'));
        await until('all are told', () => heard.told.length >= result.requests);
        const refused = heard.told.filter((one) => one.refused && one.status === 200);
        assert.ok(refused.length >= (result.answers.get('old') ?? 0));
        assert.ok(heard.told.every((one) => one.server !== 'old' || one.refused));
      }));
  }

  test('an instance becomes guarded and alone again, with the fallback put in and taken out, without a lost request', () =>
    use(async ({ router, startApp, send, connections }) => {
      await using old = await startApp('old');
      await using fresh = await startApp('fresh');
      await router.addServer(1, server(fresh), signal());
      await router.setRoute(['a.localhost'], observed(1), signal());
      await using load = runSteadyLoad({ send, connections }, 'a.localhost', 100);
      for (let round = 0; round < 5; round += 1) {
        await router.addServer(1, { kind: 'fallback', name: 'old', address: '127.0.0.1', port: old.port }, signal());
        for (const redundancy of ['guarded', 'one-of-many', 'guarded'] as const) {
          await router.addServer(1, server(fresh, { redundancy }), signal());
          await sleep(100);
        }
        await router.addServer(1, server(fresh), signal());
        await router.removeServer(1, 'old', signal());
        await sleep(100);
      }
      const names = (await router.snapshot(signal())).servers.map((one) => one.name);
      assert.deepEqual(names, ['i1']);
      const result = await load.stop();
      assert.deepEqual(result.failures, []);
      assert.deepEqual([...result.answers.keys()], ['fresh']);
    }));
}
