import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import type { StoreBench } from './bench.ts';
import { ready, recordOf } from './steps.ts';

const exit = { at: Date.parse('2026-01-02T03:04:05.678Z'), exitCode: 137, outOfMemory: true };

/** What is on record of instances that come to an end by themselves. */
export function crashConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  async function serving() {
    const lease = await ready(bench, bench.production);
    const [instance] = (await recordOf(bench, lease.deploymentId)).instances;
    assert.ok(instance);
    await bench.deployments.write(lease, { instances: [{ id: instance.id, phase: 'serving' }] });
    return { lease, id: instance.id };
  }

  const crashEntries = async (deploymentId: string) =>
    (await bench.queries.timeline(deploymentId, 0, 100))
      .map(({ entry }) => entry)
      .filter(({ kind }) => kind.startsWith('instance.'));

  test('a crash of what serves is counted, dated and told, and whose it was is answered', async () => {
    const { lease, id } = await serving();
    await bench.world.crashed(id, exit);
    const crashed = await bench.world.crashed(id, exit);
    const { slot, deployment } = await recordOf(bench, lease.deploymentId);
    assert.deepEqual([crashed?.deployment.id, crashed?.slot], [deployment.id, slot]);
    assert.deepEqual([crashed?.instance.restarts, crashed?.instance.crashedAt], [2, '2026-01-02T03:04:05.678Z']);
    const [instance] = (await recordOf(bench, deployment.id)).instances;
    assert.deepEqual([crashed?.instance], await bench.queries.instances(deployment.id));
    assert.deepEqual(crashed?.instance, instance);
    assert.deepEqual((await crashEntries(deployment.id)).at(-1), {
      kind: 'instance.crashed',
      process: 'web',
      ordinal: 1,
      exitCode: 137,
      outOfMemory: true,
      restarts: 2,
    });
  });

  test('the end of what does not serve, or is unknown, is no crash', async () => {
    const { lease, id } = await serving();
    for (const phase of ['starting', 'passed', 'draining', 'drained', 'stopped', 'failed'] as const) {
      await bench.deployments.write(lease, { instances: [{ id, phase }] });
      assert.equal(await bench.world.crashed(id, exit), null, phase);
    }
    assert.equal(await bench.world.crashed(randomUUID(), exit), null);
    assert.deepEqual(await crashEntries(lease.deploymentId), []);
    assert.equal((await recordOf(bench, lease.deploymentId)).instances[0]?.restarts, 0);
  });

  test('a recovery is told once, and only after a crash', async () => {
    const { lease, id } = await serving();
    await bench.world.recovered(id);
    await bench.world.crashed(id, exit);
    await bench.world.recovered(id);
    await bench.world.recovered(id);
    const [instance] = (await recordOf(bench, lease.deploymentId)).instances;
    assert.deepEqual([instance?.crashedAt, instance?.restarts], [null, 1]);
    const kinds = (await crashEntries(lease.deploymentId)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['instance.crashed', 'instance.recovered']);
  });
}
