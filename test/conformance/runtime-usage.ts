import assert from 'node:assert/strict';
import type { InstanceUse } from '../../src/domain/resource-use.ts';
import { limit } from './runtime-world.ts';
import type { Rule, World } from './runtime-world.ts';

/** The promises of `usage`. */
export function usageRules(rule: Rule): void {
  rule(
    '2.6 CPU time and memory are those of the instance: one that works shows it, one that waits does not',
    async (world) => {
      const { startedAt } = await world.runtime.start({ ...world.spec('busy', 'busy'), memoryMb: 200 }, limit());
      await world.start('serve', 'idle');
      await world.untilPrinted('busy', 'ready');
      const [first, from] = [await useOf(world, 'busy'), performance.now()];
      const then = await world.eventually(
        () => useOf(world, 'busy'),
        ({ cpuSeconds }) => cpuSeconds > first.cpuSeconds + 0.3,
      );
      const cores = ((then.cpuSeconds - first.cpuSeconds) / (performance.now() - from)) * 1_000;
      // It may have half a core, and the first answer may be a second old.
      assert.ok(cores < 2, `${cores} cores`);
      assert.equal(then.startedAt, startedAt);
      for (const { memoryBytes } of [first, then])
        assert.ok(memoryBytes >= 50e6 && memoryBytes < 75e6, `${memoryBytes} bytes, without what is only cached`);
      const idle = await useOf(world, 'idle');
      assert.equal(idle.instanceId, 'idle');
      assert.ok(idle.cpuSeconds < 1 && idle.memoryBytes > 0 && idle.memoryBytes < 30e6, JSON.stringify(idle));
    },
  );

  rule('2.6 with a restart the CPU time begins anew', async (world) => {
    const first = await world.start('flaky');
    await world.runtime.keepAlive('i1', limit());
    const later = await world.eventually(
      () => world.runtime.usage('i1', limit()),
      (use) => use !== null && use.startedAt !== first.startedAt,
    );
    assert.ok(later !== null && later.cpuSeconds < 1);
  });

  rule('2.6 what does not run uses nothing that could be told', async (world) => {
    assert.equal(await world.runtime.usage('nobody', limit()), null);
    await world.start('exit-3');
    await world.until('i1', ({ exitCode }) => exitCode !== null);
    assert.equal(await world.runtime.usage('i1', limit()), null);
    await world.runtime.stop('i1', 1_000, limit());
    assert.equal(await world.runtime.usage('i1', limit()), null);
    await assert.rejects(world.runtime.usage('i1', AbortSignal.abort(new Error('not wanted'))), /not wanted/);
  });
}

async function useOf(world: World, instanceId: string): Promise<InstanceUse> {
  const use = await world.runtime.usage(instanceId, limit());
  assert.ok(use !== null, `${instanceId} runs`);
  return use;
}
