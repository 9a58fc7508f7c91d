import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import Docker from 'dockerode';
import { createDockerImageArchive } from '../../src/drivers/runtime/docker/image-archive.ts';
import { createDockerImageIntake } from '../../src/drivers/runtime/docker/image-intake.ts';
import { startRegistry } from '../harness/docker-registry.ts';
import { dockerSocket } from '../harness/images.ts';
import { startCrampedDockerd } from '../harness/own-dockerd.ts';
import { mayMount } from '../harness/small-disk.ts';
import { tarOf } from '../unit/archive/archives.ts';
import { never, silent, someone } from './image-intake.ts';

function sha256(content: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** As `docker save` writes it, with so many bytes that cannot be compressed. */
async function imageTarball(bytes: number): Promise<{ readonly tarball: Buffer; readonly imageId: string }> {
  const layer = await tarOf([{ name: 'large', type: 'file', content: randomBytes(bytes) }]);
  const config = JSON.stringify({
    os: 'linux',
    architecture: arch() === 'arm64' ? 'arm64' : 'amd64',
    config: { Cmd: ['/large'] },
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
    history: [{ created: '2026-01-01T00:00:00Z' }],
  });
  const manifest = JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: ['layer.tar'] }]);
  const tarball = await tarOf([
    { name: 'manifest.json', type: 'file', content: manifest },
    { name: 'config.json', type: 'file', content: config },
    { name: 'layer.tar', type: 'file', content: layer },
  ]);
  return { tarball, imageId: sha256(config) };
}

test(
  "where Docker Engine's disk is full, an image that is sent, pulled or restored is disk_full and leaves nothing, and with room it is taken",
  { skip: mayMount ? false : 'only root may run a Docker Engine' },
  async (t) => {
    const dir = await mkdtemp('/tmp/cutover-test-intake-full-');
    t.after(() => rm(dir, { recursive: true }));
    const { tarball, imageId } = await imageTarball(30_000_000);
    const path = join(dir, 'image.tar');
    await writeFile(path, tarball);
    await using registry = await startRegistry();
    const machine = new Docker({ socketPath: dockerSocket });
    await text(await machine.loadImage(Readable.from([tarball])));
    const digest = await registry.push(imageId, 'team/large:1');
    await using dockerd = await startCrampedDockerd(24);
    const intake = createDockerImageIntake({ socketPath: dockerd.socket, platformId: 'test-full' });
    const archive = createDockerImageArchive({ socketPath: dockerd.socket });
    const reference = `${registry.host}/team/large:1`;
    const ways = {
      sent: () => intake.load({ path, owner: someone() }, silent, never),
      pulled: () => intake.pull({ reference, digest, credential: null, owner: someone() }, silent, never),
      restored: () => archive.load(Readable.from([tarball]), never),
    };
    for (const [way, take] of Object.entries(ways)) {
      await assert.rejects(take(), { code: 'disk_full', message: /no space left on device/ }, way);
      assert.deepEqual(await dockerd.docker.listImages({ all: true }), [], way);
    }
    await dockerd.disk.resize(256);
    assert.equal((await ways.sent()).imageId, imageId);
    assert.equal((await ways.pulled()).imageId, imageId);
    await ways.restored();
  },
);
