import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultHealthCheck } from '../../../src/domain/health-check.ts';
import { stableOnly } from '../../../src/domain/route.ts';
import { plain, treeOf } from '../../harness/git-server-source.ts';
import { appThat, behaves, type AppBehaviour } from '../../simulation/memory/app-behaviour.ts';
import { appFiles, builds, staticFilesPlan } from '../../simulation/memory/build/app-files.ts';
import { memoryDrivers } from '../../simulation/memory/drivers.ts';
import { MemoryWorld } from '../../simulation/memory/world.ts';
import { createSeededRandom, SeededChance } from '../../simulation/random.ts';
import { settled, VirtualClock } from '../../simulation/virtual-clock.ts';
import { instanceSpec } from '../runtime-world.ts';

const { signal } = new AbortController();
const url = 'https://git.example/app.git';

function start(seed: number) {
  const clock = new VirtualClock();
  const world = new MemoryWorld({ clock, random: new SeededChance(seed) });
  const random = createSeededRandom(new SeededChance(seed, 1), () => clock.now());
  return { clock, world, ...memoryDrivers(world, { clock, random }) };
}

/** Lets time pass until the work is done. */
async function during<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const over = () => void (state.isOver = true);
  work.then(over, over);
  for (await settled(); !state.isOver; await settled()) clock.advance(clock.monotonic() + 60_000);
  return work;
}

/** From a commit to traffic, and the way of some restarts. */
async function deploy(t: ReturnType<typeof start>, behaviour: Partial<AppBehaviour>) {
  const app = appThat(behaves(behaviour));
  const files = appFiles('one', { app, build: builds({ ms: 20_000 }) });
  const { sha } = t.world.repositories.at(url).push('main', { apps: { '': files } });
  await t.source.fetch({ repository: plain(url), branch: 'main', commit: null }, () => undefined, signal);
  const { path: contextPath } = await t.source.checkout(treeOf(url, sha, 'd1'), () => undefined, signal);
  const plan = await t.planner.plan(contextPath, defaultBuildSettings);
  const inputs = { noCache: false, secrets: [], cacheScope: 's', timeoutMs: 60_000 };
  const request = { deploymentId: 'd1', contextPath, plan, tag: 'a:1', labels: {}, ...inputs };
  const { imageId } = await t.builder.build(request, () => undefined, signal);
  await t.runtime.ensureNetwork('shop', signal);
  const { address } = await t.runtime.start({ ...instanceSpec, imageId }, signal);
  await t.runtime.keepAlive('i1', signal);
  return { kind: 'instance', address: address ?? '', port: 3000 } as const;
}

test('an app is what its commit says, from the first probe to its crash and back, in virtual time', async () => {
  const t = start(1);
  const target = await during(
    t.clock,
    deploy(t, {
      listensAfterMs: 2_000,
      answers: [
        { forMs: 3_000, status: 500, body: 'warming up' },
        { forMs: Infinity, status: 200, body: 'well' },
      ],
      exits: { afterMs: 10_000, exitCode: 1, starts: 1 },
    }),
  );
  assert.equal(t.clock.monotonic(), 20_000, 'the build took its time');
  const probe = () => t.prober.probe(target, defaultHealthCheck, signal);
  const after = (ms: number) => during(t.clock, t.clock.sleep(ms, signal));
  assert.deepEqual(await probe(), { type: 'refused' });
  await after(2_500);
  assert.deepEqual(await probe(), { type: 'answered', status: 500, bodyStart: 'warming up' });
  await after(3_000);
  assert.deepEqual(await probe(), { type: 'answered', status: 200, bodyStart: 'well' });
  await after(4_550);
  assert.equal((await t.runtime.status('i1', signal))?.running, false);
  await after(100);
  const back = await t.runtime.status('i1', signal);
  assert.deepEqual([back?.running, back?.restarts], [true, 1]);
  await after(60_000);
  assert.equal((await t.runtime.status('i1', signal))?.restarts, 1);
});

test('after a reboot all that is kept alive runs, and the router serves as before', async () => {
  const t = start(2);
  const target = await during(t.clock, deploy(t, {}));
  await t.router.ensureRunning(signal);
  await t.router.addServer(1, { ...target, name: 'i1', redundancy: 'alone' }, signal);
  await t.router.setRoute(['a.test'], stableOnly(1), signal);
  assert.equal(t.world.router.answer('a.test').type, 'instance');
  t.world.reboot(5_000);
  assert.deepEqual(t.world.router.answer('a.test'), { type: 'none', why: 'no-router' });
  await during(t.clock, t.clock.sleep(6_000, signal));
  const status = await t.runtime.status('i1', signal);
  assert.equal(status?.running, true);
  await t.router.addServer(1, { ...target, address: status.address ?? '', name: 'i1', redundancy: 'alone' }, signal);
  assert.equal(t.world.router.answer('a.test').type, 'instance');
});

test('5.10: files of a commit are served as they are, for as long as their bundle is there', async () => {
  const t = start(3);
  const apps = { '': appFiles('site', { plan: staticFilesPlan('public') }) };
  const { sha } = t.world.repositories.at(url).push('main', { apps, files: { 'public/index.html': 'hello' } });
  const { path } = await t.source.checkout(treeOf(url, sha, 'd1'), () => undefined, signal);
  const { output } = await t.planner.plan(path, defaultBuildSettings);
  assert.ok(output.type === 'checkout-files');
  const { bundle } = await t.staticFiles.putDirectory(`${path}/${output.directory}`, signal);
  await t.staticFiles.ensureRunning(signal);
  await t.router.ensureRunning(signal);
  await t.router.addServer(1, { kind: 'static', name: 'static', bundle, spa: false }, signal);
  await t.router.setRoute(['a.test'], stableOnly(1), signal);
  assert.deepEqual(t.world.router.answer('a.test'), {
    type: 'instance',
    name: `static:${bundle}`,
    slot: 1,
    server: 'static',
  });
  const probe = () => t.prober.probe({ kind: 'static', bundle, spa: false }, defaultHealthCheck, signal);
  assert.deepEqual(await probe(), { type: 'answered', status: 200, bodyStart: 'hello' });
  await t.staticFiles.remove(bundle);
  assert.deepEqual(await probe(), { type: 'answered', status: 404, bodyStart: 'not found' });
});

/** What came of it, as text. */
async function history(seed: number): Promise<string> {
  const t = start(seed);
  await during(t.clock, deploy(t, { exits: { afterMs: 1_000, exitCode: 1 } }));
  const addresses = [];
  for (let look = 0; look < 20; look += 1) {
    await during(t.clock, t.clock.sleep(5_000, signal));
    addresses.push((await t.runtime.status('i1', signal))?.address);
  }
  return JSON.stringify([addresses, t.random.id(), t.clock.monotonic()]);
}

test('two worlds of one seed go alike, and of another seed differently', async () => {
  assert.equal(await history(7), await history(7));
  assert.notEqual(await history(7), await history(8));
});
