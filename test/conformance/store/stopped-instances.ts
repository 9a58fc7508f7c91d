import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import type { InstancePhase } from '../../../src/domain/deployment.ts';
import type { Lease } from '../../../src/engine/ports/deployment-store.ts';
import type { StoreBench } from './bench.ts';
import { completed, deploying, observedPair, openWork, recordOf, rollbackOf, claimed } from './steps.ts';

/** What is not to run is stopped while nobody can put it to use again. */
export function stoppedInstanceConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  async function instanceOf({ deploymentId }: Lease): Promise<string> {
    const [instance] = (await recordOf(bench, deploymentId)).instances;
    assert.ok(instance !== undefined);
    return instance.id;
  }

  async function stoppedOf(ids: readonly string[]): Promise<readonly string[]> {
    let seen: readonly string[] = [];
    await bench.world.whileStopped(ids, async (stopped) => void (seen = stopped));
    return seen;
  }

  test('5.9 an instance that is stopped, has failed, or was never on record is not to run; any other one is', async () => {
    const lease = await deploying(bench, bench.production);
    const [id, unknown] = [await instanceOf(lease), randomUUID()];
    const phases: readonly InstancePhase[] = ['starting', 'passed', 'serving', 'draining', 'drained'];
    for (const phase of phases) {
      await bench.world.updateInstances([{ id, phase }]);
      assert.deepEqual(await stoppedOf([unknown, id]), [unknown], phase);
    }
    for (const phase of ['stopped', 'failed'] as const) {
      await bench.world.updateInstances([{ id, phase }]);
      assert.deepEqual(await stoppedOf([unknown, id]), [unknown, id], phase);
    }
  });

  test('5.9 no instance of a deployment that is over is to run, whatever was last written of it', async () => {
    const lease = await deploying(bench, bench.production);
    const id = await instanceOf(lease);
    await bench.deployments.write(lease, {
      transition: { type: 'failed' },
      verdict: { outcome: 'failed', code: 'internal', reason: 'it broke' },
    });
    assert.deepEqual(await stoppedOf([id]), [id]);
  });

  /** How an instance that is not to run can be put to use, or be gone. */
  const uses = {
    'whoever writes it': (lease: Lease, id: string) =>
      bench.deployments.write(lease, { instances: [{ id, phase: 'starting' }] }),
    'whoever corrects it': (_lease: Lease, id: string) => bench.world.updateInstances([{ id, phase: 'serving' }]),
    'whoever stops its deployment': (lease: Lease) => bench.world.stopServing(lease.deploymentId, 'replaced'),
    'whoever erases it': async () => {
      await bench.markDeleting('production');
      await bench.world.erase(bench.deletionOf('production'));
    },
  };
  for (const [who, use] of Object.entries(uses)) {
    test(`5.9 while something is done to an instance that is not to run, ${who} waits`, async () => {
      const lease = who.endsWith('deployment')
        ? await completed(bench, bench.production)
        : await deploying(bench, bench.production);
      const id = await instanceOf(lease);
      await bench.world.updateInstances([{ id, phase: 'stopped' }]);
      await assertWaits(id, () => use(lease, id));
    });
  }

  test('5.9 while something is done to an instance that is not to run, whoever takes it over waits', async () => {
    const pair = await observedPair(bench, bench.production);
    const rollback = await claimed(bench, bench.production, { origin: rollbackOf(pair) });
    const id = await instanceOf(pair.old);
    await bench.world.updateInstances([{ id, phase: 'stopped' }]);
    await assertWaits(id, () =>
      bench.deployments.write(rollback, { takeOver: { deploymentId: pair.old.deploymentId } }),
    );
  });

  async function assertWaits(id: string, use: () => Promise<void>): Promise<void> {
    const { work, began, end } = openWork();
    const order: string[] = [];
    const working = bench.world.whileStopped([id], async () => {
      await work();
      order.push('work');
    });
    await began;
    const used = use().then(() => order.push('used'));
    // Others are not kept waiting; and there was time. Two do not do the same at once.
    await completed(bench, bench.staging);
    assert.deepEqual(await stoppedOf([id]), []);
    end();
    await Promise.all([working, used]);
    assert.deepEqual(order, ['work', 'used']);
  }

  test('5.9 work that fails is told of, and the instances are let go', async () => {
    const lease = await deploying(bench, bench.production);
    const id = await instanceOf(lease);
    await bench.world.updateInstances([{ id, phase: 'stopped' }]);
    await assert.rejects(
      bench.world.whileStopped([id], () => Promise.reject(new Error('no runtime'))),
      /no runtime/,
    );
    await bench.deployments.write(lease, { instances: [{ id, phase: 'starting' }] });
    assert.deepEqual(await stoppedOf([id]), []);
  });
}
