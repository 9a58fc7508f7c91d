import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stableOnly } from '../../src/domain/route.ts';
import { until } from '../harness/haproxy.ts';
import type { RouterUnderTest } from './router.ts';

const signal = () => AbortSignal.timeout(20_000);
const verifier = `${'0'.repeat(32)}:${'f'.repeat(64)}`;

/** What visitors of a host are asked for is kept like its route. */
export function routerGuardsConformance(use: (work: (under: RouterUnderTest) => Promise<void>) => Promise<void>): void {
  test('a guard is told, outlives the router and the control plane, and goes with the route', () =>
    use(async ({ router, reopen, kill }) => {
      const guard = { noindex: true, password: verifier };
      await router.setGuard(['a.localhost', 'b.localhost'], guard, signal());
      await router.setGuard(['b.localhost'], { noindex: false, password: null }, signal());
      await router.setRoute(['a.localhost', 'b.localhost'], stableOnly(1), signal());
      await router.setGuard(['a.localhost'], guard, signal());
      await kill();
      const again = await reopen();
      await again.ensureRunning(signal());
      const known = async () => (await again.snapshot(signal())).guards;
      await until('the router answers again', () =>
        known().then(
          (guards) => guards.size === 2,
          () => false,
        ),
      );
      assert.deepEqual((await known()).get('a.localhost'), guard);
      assert.deepEqual((await known()).get('b.localhost'), { noindex: false, password: null });
      await again.removeRoute(['a.localhost'], signal());
      await again.setGuard(['b.localhost'], null, signal());
      assert.equal((await known()).size, 0);
      assert.deepEqual([...(await again.snapshot(signal())).routes.keys()], ['b.localhost']);
    }));

  test('what is no digest is refused and changes nothing', () =>
    use(async ({ router }) => {
      const guard = { noindex: true, password: 'secret' };
      await assert.rejects(router.setGuard(['a.localhost'], guard, signal()), { code: 'invalid_input' });
      assert.equal((await router.snapshot(signal())).guards.size, 0);
    }));
}
