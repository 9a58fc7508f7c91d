import assert from 'node:assert/strict';
import type { VolumeSettings } from '../../src/domain/volumes.ts';
import type { InstanceSpec, VolumeId } from '../../src/engine/ports/runtime.ts';
import { limit, rejectsWith } from './runtime-world.ts';
import type { Rule, World } from './runtime-world.ts';

const settings: VolumeSettings = { name: 'data', path: '/data', access: 'shared', readOnly: false };
const volume: VolumeId = { project: 'shop', environment: 'production', name: 'data' };

/** The promises about named volumes (rule 4.1). */
export function volumeRules(rule: Rule): void {
  rule('4.1: what an instance writes to a volume outlives it', async (world) => {
    await world.runtime.ensureVolume(volume, limit());
    await start(world, 'i1');
    assert.equal((await world.exec('write')).exitCode, 0);
    await world.runtime.stop('i1', 1_000, limit());
    await start(world, 'i2');
    assert.equal((await world.exec('read', 'i2')).output, 'kept\n');
  });

  rule('4.1: instances share a volume, whatever its access; one that may only read cannot write', async (world) => {
    await start(world, 'i1');
    await start(world, 'i2', { volumes: [{ ...settings, access: 'exclusive' }] });
    await start(world, 'i3', { volumes: [{ ...settings, readOnly: true }] });
    assert.notEqual((await world.exec('write', 'i3')).exitCode, 0);
    assert.equal((await world.exec('write', 'i1')).exitCode, 0);
    for (const instanceId of ['i2', 'i3']) assert.equal((await world.exec('read', instanceId)).output, 'kept\n');
  });

  rule('4.1: the same name is another volume in another environment and in another project', async (world) => {
    const owners = [
      { project: 'shop', environment: 'blue-green' },
      { project: 'shop', environment: 'blue' },
      { project: 'shop-blue', environment: 'green' },
    ];
    for (const { project } of owners) await world.runtime.ensureNetwork(project, limit());
    await start(world, 'writer', owners[0]);
    assert.equal((await world.exec('write', 'writer')).exitCode, 0);
    for (const [index, owner] of owners.slice(1).entries()) {
      await start(world, `reader-${index}`, owner);
      assert.notEqual((await world.exec('read', `reader-${index}`)).exitCode, 0);
    }
    const listed = await world.runtime.volumes(limit());
    assert.deepEqual(listed.toSorted(byText), owners.map((owner) => ({ ...owner, name: 'data' })).toSorted(byText));
  });

  rule('a volume may be ensured and removed twice; it is listed while it exists', async (world) => {
    assert.deepEqual(await world.runtime.volumes(limit()), []);
    await Promise.all([1, 2].map(() => world.runtime.ensureVolume(volume, limit())));
    assert.deepEqual(await world.runtime.volumes(limit()), [volume]);
    await world.runtime.removeVolume({ ...volume, name: 'other' }, limit());
    assert.deepEqual(await world.runtime.volumes(limit()), [volume]);
    await world.runtime.removeVolume(volume, limit());
    await world.runtime.removeVolume(volume, limit());
    assert.deepEqual(await world.runtime.volumes(limit()), []);
  });

  rule(
    'a volume that an instance has, running or not, is volume_in_use; afterwards it goes with its data',
    async (world) => {
      await start(world, 'i1');
      await world.exec('write');
      await rejectsWith('volume_in_use', world.runtime.removeVolume(volume, limit()), /data.*shop\/production/);
      await world.runtime.start({ ...world.spec('exit-3', 'i2'), volumes: [settings] }, limit());
      await world.until('i2', ({ exitCode }) => exitCode !== null);
      await world.runtime.stop('i1', 1_000, limit());
      await rejectsWith('volume_in_use', world.runtime.removeVolume(volume, limit()));
      await world.runtime.stop('i2', 1_000, limit());
      await world.runtime.removeVolume(volume, limit());
      await start(world, 'i3');
      assert.notEqual((await world.exec('read', 'i3')).exitCode, 0);
    },
  );
}

async function start(world: World, instanceId: string, changes: Partial<InstanceSpec> = {}): Promise<void> {
  await world.runtime.start({ ...world.spec('serve', instanceId), volumes: [settings], ...changes }, limit());
}

function byText(a: VolumeId, b: VolumeId): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}
