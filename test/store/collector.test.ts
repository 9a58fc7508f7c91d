import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { createOperatorLog } from '../../src/daemon/operator-log.ts';
import type { StockedImage } from '../../src/engine/ports/image-stock.ts';
import { GarbageCollector, type GarbagePorts } from '../../src/engine/reconcile/collect-garbage.ts';
import { bundle, image, retentionBench, type RetentionBench } from './retention-bench.ts';

/** The collector over a real database; what it removes is kept in memory. */
let bench: RetentionBench;
before(async () => {
  bench = await retentionBench();
});
after(() => bench[Symbol.asyncDispose]());
beforeEach(async () => {
  const { db } = bench.database;
  await db.updateTable('environment').set({ current_deployment_id: null }).execute();
  for (const table of ['deployment', 'artifact', 'platform_setting'] as const) await db.deleteFrom(table).execute();
  await bench.store.updateSettings((current) => ({ ...current, rollbackTargets: 1, budgetBytes: 0 }));
});

const never = new AbortController().signal;
const wishes = { limitMs: 10_000, count: true };

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (; !done(); await sleep(10)) assert.ok(Date.now() < deadline, 'too late');
}

class Stock {
  images: StockedImage[] = [];
  bundles: string[] = [];
  readonly logs: string[] = [];
  /** Budgets to which the cache of builds was cut. */
  readonly pruned: number[] = [];
  readonly unused: number[] = [];
  /** Images that a container uses. */
  readonly busy = new Set<string>();
  /** Before something is removed. */
  onRemove: () => Promise<void> = async () => undefined;

  add(name: string, tags = [`cutover/shop:1-aaaaaaaaaaaa`]): void {
    this.images.push({
      imageId: `sha256:${name}`,
      sizeBytes: 100,
      deploymentId: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa',
      receivedFor: [],
      tags,
    });
  }

  collector(change: Partial<GarbagePorts> = {}, pace = { intervalMs: 60_000, quietMs: 0 }): GarbageCollector {
    const ports: GarbagePorts = {
      clock: systemClock,
      store: bench.store,
      images: {
        images: async () => this.images,
        layerBytes: async () => this.images.length * 40,
        directory: async () => '/',
      },
      runtime: {
        removeImage: async (id) => {
          await this.onRemove();
          if (!this.busy.has(id)) this.images = this.images.filter(({ imageId }) => imageId !== id);
        },
        inspectImage: async (id) =>
          this.images.some(({ imageId }) => imageId === id) ? { imageId: id, sizeBytes: 1, exposedPorts: [] } : null,
      },
      staticFiles: {
        list: async () => this.bundles,
        has: async (name) => this.bundles.includes(name),
        remove: async (name) => void (this.bundles = this.bundles.filter((one) => one !== name)),
      },
      logs: { remove: async (prefix) => void this.logs.push(prefix) },
      logStock: { size: async () => 12 },
      buildCache: { prune: async (keepBytes) => (this.pruned.push(keepBytes), 0) },
      source: { removeUnused: async (unusedMs) => (this.unused.push(unusedMs), 0) },
      ...change,
    };
    return new GarbageCollector({ ports, log: createOperatorLog('silent'), ...pace });
  }
}

/** Three versions, of which the last serves and the one before can be gone back to. */
async function threeVersions(stock: Stock): Promise<void> {
  for (const name of ['a', 'b']) await bench.add({ artifact: image(name) });
  await bench.serves(await bench.add({ artifact: image('c'), state: 'completed' }));
  for (const name of ['a', 'b', 'c']) stock.add(name);
}

test('a run removes what the plan says, counts what the engine got back, and finds nothing more', async () => {
  const stock = new Stock();
  await threeVersions(stock);
  stock.bundles = ['f'];
  const collector = stock.collector();
  const plan = await collector.plan({}, never);
  const run = await collector.collect(wishes, never);
  assert.deepEqual(run.removed, plan.artifacts.going);
  assert.deepEqual(
    run.removed.map(({ artifact, rule }) => [artifact.id, rule]),
    [
      ['f', 'belongs-to-nothing'],
      ['sha256:a', 'over-budget'],
    ],
  );
  assert.deepEqual([run.givenBackBytes, run.more, run.stayed], [40, false, []]);
  assert.deepEqual([stock.images.map(({ imageId }) => imageId), stock.bundles], [['sha256:b', 'sha256:c'], []]);
  assert.deepEqual((await collector.collect(wishes, never)).removed, []);
});

test('what is needed again between the plan and its removal stays, and so does what a container uses', async () => {
  const stock = new Stock();
  for (const name of ['a', 'b', 'x', 'y', 'z']) await bench.add({ artifact: image(name) });
  for (const name of ['x', 'y', 'z']) stock.add(name);
  await bench.store.updateSettings((current) => ({ ...current, rollbackTargets: 1 }));
  await bench.add({ artifact: image('c') });
  stock.busy.add('sha256:x');
  // Somebody goes back to #y while #x is removed.
  stock.onRemove = async () => {
    stock.onRemove = async () => undefined;
    await bench.add({ artifact: image('y'), state: 'pending', completed: false });
  };
  const { removed, stayed } = await stock.collector().collect(wishes, never);
  assert.deepEqual(
    removed.map(({ artifact }) => artifact.id),
    ['sha256:z'],
  );
  assert.deepEqual(
    stayed.map(({ artifact, why }) => [artifact.id, why.replace(/#\d+/, '#')]),
    [
      ['sha256:x', 'a container uses it'],
      ['sha256:y', '# of shop is pending in production'],
    ],
  );
  assert.ok((await bench.store.expected()).includes('sha256:x'), 'one can still go back to it');
});

test('5.7 deployments whose image somebody else removed are said to be gone', async () => {
  const stock = new Stock();
  await threeVersions(stock);
  stock.images = stock.images.filter(({ imageId }) => imageId !== 'sha256:b');
  await stock.collector().collect(wishes, never);
  assert.deepEqual(await bench.store.expected(), ['sha256:c']);
});

test('a bundle is not removed while anything is being built, wherever: it may be the same files', async () => {
  const stock = new Stock();
  await bench.add({ artifact: bundle('f'), completed: false, state: 'failed' });
  const building = await bench.add({ state: 'running', completed: false, environment: 'staging' });
  stock.bundles = ['f', 'g'];
  assert.deepEqual((await stock.collector().collect(wishes, never)).removed, []);
  await bench.database.db.deleteFrom('deployment').where('id', '=', building).execute();
  assert.equal((await stock.collector().collect(wishes, never)).removed.length, 2);
});

test('logs and histories go when they are old, but for those of the newest deployments; the plan says their size', async () => {
  const stock = new Stock();
  await bench.store.updateSettings((current) => ({ ...current, keepNewest: 1 }));
  const [oldest, old] = [await bench.add({ daysAgo: 400 }), await bench.add({ daysAgo: 40 })];
  await bench.add({ daysAgo: 35 });
  const plan = await stock.collector().plan({}, never);
  assert.deepEqual([plan.logs.map(({ id, bytes }) => [id, bytes]), plan.history.map(({ id }) => id)].flat().length, 3);
  const run = await stock.collector().collect(wishes, never);
  assert.deepEqual([run.logs, run.history], [plan.logs, plan.history]);
  assert.deepEqual(stock.logs.toSorted(), [oldest, old].map((id) => `deployments/${id}`).toSorted());
  assert.deepEqual((await stock.collector().collect(wishes, never)).logs, []);
});

test('a run that is out of time says that there is more', async () => {
  const stock = new Stock();
  await threeVersions(stock);
  const { removed, more } = await stock.collector().collect({ ...wishes, limitMs: 0 }, never);
  assert.deepEqual([removed, more], [[], true]);
});

test('it collects by itself after the start and whenever it is woken; what fails is tried again', async () => {
  const stock = new Stock();
  await threeVersions(stock);
  let fails = 1;
  stock.onRemove = async () => {
    fails -= 1;
    if (fails === 0) throw new Error('the engine is away');
  };
  const collector = stock.collector();
  const stopping = new AbortController();
  const running = collector.run(stopping.signal);
  await until(() => fails === 0);
  assert.equal(stock.images.length, 3);
  collector.wake();
  await until(() => stock.images.length === 2);
  stopping.abort();
  await running;
});

test('every run cuts the cache of builds to its budget and forgets repositories that nobody reads, and one that fails has removed the rest', async () => {
  const stock = new Stock();
  await bench.store.updateSettings((current) => ({ ...current, buildCacheBytes: 5_000 }));
  await stock.collector().collect(wishes, never);
  assert.deepEqual(stock.pruned, [5_000]);
  assert.deepEqual(stock.unused, [14 * 24 * 3_600_000]);
  stock.add('old');
  await assert.rejects(
    stock.collector({ buildCache: { prune: () => Promise.reject(new Error('busy')) } }).collect(wishes, never),
    /busy/,
  );
  assert.deepEqual(stock.images, []);
});
