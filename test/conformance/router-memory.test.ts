import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stableOnly } from '../../src/domain/route.ts';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import { MemoryWorld, type MemoryWorldOptions } from '../simulation/memory/world.ts';
import { createSeededRandom, SeededChance } from '../simulation/random.ts';
import { memoryVisitors } from './memory/memory-visitors.ts';
import { routerConformance, server, type RouterUnderTest } from './router.ts';
import { routerAsleepConformance } from './router-asleep.ts';
import { routerGuardsConformance } from './router-guards.ts';
import { routerFallbackConformance } from './router-fallback.ts';
import { routerModesConformance } from './router-modes.ts';
import { routerOutcomesConformance } from './router-outcomes.ts';

const signal = () => AbortSignal.timeout(20_000);

async function start(change: Partial<MemoryWorldOptions> = {}) {
  const world = new MemoryWorld({ clock: systemClock, random: new SeededChance(1), slots: 20, ...change });
  const random = createSeededRandom(new SeededChance(2), () => systemClock.now());
  const reopen = async () => memoryDrivers(world, { clock: systemClock, random }).router;
  const router = await reopen();
  await router.ensureRunning(signal());
  const kill = async () => world.router.kill();
  const under: RouterUnderTest = { router, reopen, kill, ...memoryVisitors(world) };
  return { world, under, [Symbol.asyncDispose]: async () => world.end() };
}

async function use(work: (under: RouterUnderTest) => Promise<void>): Promise<void> {
  await using started = await start();
  await work(started.under);
}

describe('the router in memory', () => {
  routerConformance(use);
  routerModesConformance(use);
  routerAsleepConformance(use);
  routerOutcomesConformance(use);
  routerFallbackConformance(use);
  routerGuardsConformance(use);

  test('rule 5.2: after the hold time a request gets the 503 page', async () => {
    await using started = await start({ holdMs: 200 });
    const { router, send } = started.under;
    await router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'held' }, signal());
    const began = performance.now();
    const answer = await send('a.localhost');
    assert.ok(performance.now() - began > 190);
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  test('calls fail with router_unavailable when there is no router', async () => {
    await using started = await start();
    started.world.router.stop();
    await assert.rejects(started.under.router.ping(signal()), { code: 'router_unavailable' });
    await assert.rejects(started.under.router.snapshot(signal()), { code: 'router_unavailable' });
  });

  test('a change that was asked for while the router was down is in force when it is up, though nobody waited for it', async () => {
    await using started = await start();
    const { router } = started.under;
    started.world.router.kill(300);
    const impatient = router.setRoute(['a.localhost'], stableOnly(1), AbortSignal.timeout(50));
    await assert.rejects(impatient, { name: 'TimeoutError' });
    assert.deepEqual((await router.snapshot(signal())).routes.get('a.localhost'), stableOnly(1));
  });

  test('what it says a request would meet is what the request meets', async () => {
    await using started = await start();
    const { world } = started;
    const { router, startApp, send } = started.under;
    const said = () => world.router.answer('a.localhost');
    assert.deepEqual(said(), { type: 'none', why: 'no-route' });
    await router.setRoute(['a.localhost'], stableOnly(1), signal());
    assert.deepEqual(said(), { type: 'none', why: 'no-server' });
    assert.equal((await send('a.localhost')).status, 503);
    const app = await startApp('a');
    await router.addServer(1, server(app), signal());
    assert.deepEqual(said(), { type: 'instance', name: 'a', slot: 1, server: 'i1' });
    assert.equal(JSON.parse((await send('a.localhost')).body).name, 'a');
    await app[Symbol.asyncDispose]();
    assert.deepEqual(said(), { type: 'none', why: 'refused' });
    await router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'held' }, signal());
    assert.deepEqual(said(), { type: 'held' });
    await router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'paused' }, signal());
    assert.deepEqual(said(), { type: 'paused' });
    assert.equal((await send('a.localhost')).status, 503);
    world.router.kill();
    assert.deepEqual(said(), { type: 'none', why: 'no-router' });
    await assert.rejects(send('a.localhost'));
  });

  test('a request that takes no time is counted and told as one that takes some', async () => {
    await using started = await start();
    const { world } = started;
    const { router, startApp, send } = started.under;
    await using app = await startApp('a');
    await router.addServer(1, server(app), signal());
    await router.setRoute(['a.localhost'], { ...stableOnly(1), observed: true }, signal());
    const told = router.outcomes(signal())[Symbol.asyncIterator]();
    const heard = told.next();
    await send('a.localhost', { path: '/500' });
    const slow = (await heard).value?.[0];
    const next = told.next();
    const request = { method: 'GET', path: '/500', host: 'a.localhost', headers: {}, received: 0, upgrade: false };
    world.router.quick({ ...request, isProbe: false, takesMs: 0, cookie: null, uploading: false });
    const quick = (await next).value?.[0];
    const timeless = { at: 0, durationMs: 0, headersMs: 0 };
    assert.deepEqual({ ...quick, ...timeless }, { ...slow, ...timeless });
    assert.deepEqual(await router.counters(1, signal()), { requests: 2, failed: 2 });
  });
});
