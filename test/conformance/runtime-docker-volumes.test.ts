import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VolumeSettings } from '../../src/domain/volumes.ts';
import { createWorld, docker, shell } from './runtime-docker-world.ts';
import type { DockerWorld } from './runtime-docker-world.ts';
import { instanceSpec, limit, rejectsWith } from './runtime-world.ts';

const data: VolumeSettings = { name: 'data', path: '/data', access: 'shared', readOnly: false };
const volume = { project: 'shop', environment: 'production', name: 'data' };

/** An image of the test's own: what the script leaves behind, with the given Dockerfile lines. Removed with the world. */
async function derivedImage(world: DockerWorld, script: string, changes: string): Promise<string> {
  const container = await docker.createContainer({
    Image: world.imageId,
    Cmd: [...shell(script)],
    Labels: { 'cutover.platform': world.platformId },
  });
  await container.start();
  await container.wait();
  const { Id: imageId } = (await container.commit({ changes })) as { Id: string };
  await container.remove();
  world.removeAtEnd(imageId);
  return imageId;
}

async function startWith(world: DockerWorld, imageId: string, instanceId = 'i1', settings = data): Promise<string> {
  const spec = { ...instanceSpec, instanceId, imageId, command: world.command('serve'), volumes: [settings] };
  return (await world.runtime.start(spec, limit())).containerId;
}

async function run(world: DockerWorld, script: string, instanceId = 'i1'): Promise<string> {
  const request = { instanceId, command: shell(script), timeoutMs: 20_000 };
  const { exitCode, output } = await world.runtime.exec(request, limit());
  assert.equal(exitCode, 0, output);
  return output.trim();
}

async function anonymousVolumes(containerId: string): Promise<readonly string[]> {
  const { Mounts: mounts } = await docker.getContainer(containerId).inspect();
  return mounts.flatMap(({ Name: name }) => (name !== undefined && /^[0-9a-f]{64}$/.test(name) ? [name] : []));
}

test('4.1: a volume is labelled with its platform, project, environment and name, whoever made it', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  await world.runtime.ensureVolume({ ...volume, name: 'ensured' }, limit());
  await startWith(world, world.imageId);
  const filters = { label: [`cutover.platform=${world.platformId}`] };
  const { Volumes: volumes } = await docker.listVolumes({ filters });
  for (const name of ['data', 'ensured']) {
    const found = volumes.find(({ Labels }) => Labels['cutover.volume'] === name);
    assert.deepEqual(found?.Labels, {
      'cutover.platform': world.platformId,
      'cutover.project': 'shop',
      'cutover.environment': 'production',
      'cutover.volume': name,
    });
    assert.ok(found.Name.startsWith(`cutover-${world.platformId}-shop-production-${name}-`), found.Name);
  }
});

test('volumes of another platform are neither listed nor removed', async () => {
  await using world = await createWorld();
  await using other = await createWorld();
  await other.runtime.ensureVolume(volume, limit());
  assert.deepEqual(await world.runtime.volumes(limit()), []);
  await world.runtime.removeVolume(volume, limit());
  assert.deepEqual(await other.runtime.volumes(limit()), [volume]);
});

test('4.1: a volume takes the place of the one its image declares; stopping removes the anonymous ones only', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const imageId = await derivedImage(world, 'mkdir /data /cache', 'VOLUME /data /cache');
  const containerId = await startWith(world, imageId);
  const [anonymous, ...more] = await anonymousVolumes(containerId);
  assert.ok(anonymous !== undefined && more.length === 0, 'only /cache is anonymous');
  await run(world, 'echo kept > /data/word');
  await world.runtime.stop('i1', 1_000, limit());
  await assert.rejects(docker.getVolume(anonymous).inspect(), { statusCode: 404 });
  await startWith(world, imageId, 'i2');
  assert.equal(await run(world, 'cat /data/word', 'i2'), 'kept');
});

test('4.1: a new volume has what the image has at its path, and belongs to the user the image gave it to', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const script = 'mkdir /data; echo seed > /data/seed; chown -R 1234:1234 /data; chmod 700 /data';
  const imageId = await derivedImage(world, script, 'USER 1234');
  await world.runtime.ensureVolume(volume, limit());
  await startWith(world, imageId);
  assert.equal(await run(world, "stat -c '%u:%g %a' /data; cat /data/seed"), '1234:1234 700\nseed');
  await run(world, 'rm /data/seed; echo kept > /data/word');
  await world.runtime.stop('i1', 1_000, limit());
  await startWith(world, imageId, 'i2');
  assert.equal(await run(world, 'ls /data', 'i2'), 'word', 'what the app removed does not come back');
});

test('4.1: also a new volume that may only be read has what the image has at its path', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const imageId = await derivedImage(world, 'mkdir /data; echo seed > /data/seed', 'CMD ["sh"]');
  await startWith(world, imageId, 'i1', { ...data, readOnly: true });
  assert.equal(await run(world, 'cat /data/seed'), 'seed');
});

test('4.1: a volume keeps its data when another instance with it cannot start', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  await startWith(world, world.imageId);
  await run(world, 'echo kept > /data/word');
  const impossible = { ...instanceSpec, instanceId: 'i2', imageId: world.imageId, command: shell('true') };
  const start = world.runtime.start({ ...impossible, volumes: [{ ...data, path: '/proc/data' }] }, limit());
  await rejectsWith('instance_start_failed', start);
  assert.equal(await run(world, 'cat /data/word'), 'kept');
});

test('a command runs as the user of its instance, and can do no more than it', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const asUser = await derivedImage(world, 'true', 'USER 1234');
  await startWith(world, asUser, 'i1');
  assert.equal(await run(world, 'id -u'), '1234');
  await startWith(world, world.imageId, 'i2');
  const [capabilities, privileges] = (await run(world, 'grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status', 'i2')).split(
    '\n',
  );
  assert.equal(Number.parseInt(capabilities?.split(/\s+/)[1] ?? '', 16), 0x4fb);
  assert.match(privileges ?? '', /1$/);
});
