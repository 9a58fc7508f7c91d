import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { createBuildLimits } from '../../../src/drivers/build/limits/build-limits.ts';
import type { CgroupLayout } from '../../../src/drivers/build/limits/limit-files.ts';

const never = new AbortController().signal;
const allowance = { cpuShares: 64, memoryBytes: 1_000_000, processes: 100 };

/** Directories and files stand for control groups. */
async function groups(layout: CgroupLayout) {
  const root = await mkdtemp('/tmp/cutover-test-cgroups-');
  const obstacles: string[] = [];
  const onObstacle = (reason: string) => obstacles.push(reason);
  return {
    root,
    obstacles,
    limits: createBuildLimits({ allowance, layout: async () => layout, root, onObstacle }),
    read: (path: string) => readFile(join(root, path), 'utf8'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

describe('3.4 the limits of builds', () => {
  test('are those of the group that BuildKit puts its steps below, which is made before the first of them', async () => {
    await using t = await groups({ version: 1, driver: 'cgroupfs' });
    await using _enforced = await t.limits.enforce(never);
    assert.equal(await t.read('cpu/docker/buildkit/cpu.shares'), '64');
    assert.equal(await t.read('memory/docker/buildkit/memory.limit_in_bytes'), '1000000');
    assert.equal(await t.read('pids/docker/buildkit/pids.max'), '100');
    assert.deepEqual(t.obstacles, []);
  });

  test('are spelt as control groups of version 2 have them, where a container has a weight of 100', async () => {
    await using t = await groups({ version: 2, driver: 'cgroupfs' });
    await using _enforced = await t.limits.enforce(never);
    assert.equal(await t.read('docker/buildkit/cpu.weight'), '6');
    assert.equal(await t.read('docker/buildkit/memory.max'), '1000000');
    assert.equal(await t.read('docker/buildkit/pids.max'), '100');
  });

  test('are given to each step as it turns up where systemd keeps the groups, and to nothing else there', async () => {
    await using t = await groups({ version: 2, driver: 'systemd' });
    const step = join(t.root, 'system.slice', 'system.slice:docker:abc');
    await mkdir(join(t.root, 'system.slice', 'ssh.service'), { recursive: true });
    const enforced = await t.limits.enforce(never);
    await mkdir(step);
    const deadline = performance.now() + 5_000;
    while ((await readFile(join(step, 'pids.max'), 'utf8').catch(() => null)) !== '100') {
      assert.ok(performance.now() < deadline, 'waited too long for the limits of the step');
      await sleep(20);
    }
    assert.equal(await readFile(join(step, 'cpu.weight'), 'utf8'), '6');
    await enforced[Symbol.asyncDispose]();
    await assert.rejects(t.read('system.slice/ssh.service/pids.max'), { code: 'ENOENT' });
  });

  test('that cannot be set are told once, and the build goes on', async () => {
    await using t = await groups({ version: 1, driver: 'cgroupfs' });
    await writeFile(join(t.root, 'cpu'), 'no directory');
    for (let round = 0; round < 3; round += 1) {
      await using enforced = await t.limits.enforce(never);
      assert.equal(await enforced.wasShortOfMemory(), null);
    }
    assert.equal(t.obstacles.length, 1);
    assert.match(t.obstacles[0] ?? '', /ENOTDIR/);
    assert.match((await t.limits.obstacle(never)) ?? '', /ENOTDIR/);
    await assert.rejects(t.limits.enforce(AbortSignal.abort(new Error('cancelled'))), /cancelled/);
  });

  for (const [version, file, before, after] of [
    [1, 'memory/docker/buildkit/memory.failcnt', '7\n', '8\n'],
    [2, 'docker/buildkit/memory.events', 'max 3\noom_kill 1\n', 'max 4\noom_kill 2\n'],
  ] as const)
    test(`version ${version} tells whether a build was short of memory`, async () => {
      await using t = await groups({ version, driver: 'cgroupfs' });
      await mkdir(join(t.root, file, '..'), { recursive: true });
      await writeFile(join(t.root, file), before);
      await using enforced = await t.limits.enforce(never);
      await writeFile(join(t.root, file), after);
      assert.equal(await enforced.wasShortOfMemory(), true);
    });
});
