import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import Docker from 'dockerode';
import { receivedImages } from '../../src/domain/image-names.ts';
import { CutoverError } from '../../src/domain/errors.ts';
import { createDockerImageIntake } from '../../src/drivers/runtime/docker/image-intake.ts';
import { createDockerImageStock } from '../../src/drivers/runtime/docker/image-stock.ts';
import { createDockerRuntime } from '../../src/drivers/runtime/docker/docker-runtime.ts';
import { answeringImage, registryUser, startRegistry } from '../harness/docker-registry.ts';
import { dockerSocket } from '../harness/images.ts';
import { tarOf } from '../unit/archive/archives.ts';
import { imageIntakeConformance, never, silent, someone, type ImageIntakeUnderTest } from './image-intake.ts';

const docker = new Docker({ socketPath: dockerSocket });
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

interface DockerWorld extends ImageIntakeUnderTest {
  readonly platformId: string;
  readonly file: (content: Uint8Array) => Promise<string>;
  readonly names: () => Promise<readonly string[]>;
}

async function world(): Promise<DockerWorld> {
  const platformId = `test-${randomBytes(4).toString('hex')}`;
  const dir = await mkdtemp('/tmp/cutover-test-intake-');
  const [open, closed] = await Promise.all([startRegistry(), startRegistry({ asks: true })]);
  const runtime = createDockerRuntime({
    socketPath: dockerSocket,
    platformId,
    networkPool: '10.215.0.0/16',
    log: quiet,
  });
  const prefix = receivedImages(platformId);
  const names = async () => {
    const listed = await docker.listImages({ filters: { reference: [`${prefix}*`] } });
    return listed.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(prefix));
  };
  let files = 0;
  const file = async (content: Uint8Array) => {
    const path = join(dir, String((files += 1)));
    await writeFile(path, content);
    return path;
  };
  return {
    platformId,
    intake: createDockerImageIntake({ socketPath: dockerSocket, platformId }),
    right: registryUser,
    missing: `${open.host}/team/none:1`,
    names,
    file,
    async push(name, credential) {
      const registry = credential === undefined ? open : closed;
      await using image = await answeringImage('hello');
      const digest = await registry.push(image.imageId, name);
      return { reference: `${registry.host}/${name}`, digest, imageId: image.imageId };
    },
    async tarball() {
      const { tarball, imageId } = await layout();
      return { path: await file(tarball), imageId };
    },
    noTarball: () => file(Buffer.from('something else')),
    inspect: (ref) => runtime.inspectImage(ref, never),
    async [Symbol.asyncDispose]() {
      for (const name of await names()) {
        const { RepoDigests } = await docker.getImage(name).inspect();
        for (const each of [...RepoDigests, name]) await docker.getImage(each).remove({ force: true });
      }
      await Promise.all([open[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

imageIntakeConformance('Docker Engine', world);

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const own = { os: 'linux', architecture: arch() === 'arm64' ? 'arm64' : 'amd64' };

interface LayoutOptions {
  readonly platform?: typeof own;
  readonly compress?: (tar: Buffer) => Buffer;
  /** What the layer is in the end, where that is not what the configuration says. */
  readonly swapped?: Buffer;
  readonly manifests?: 'one' | 'two' | 'with-attestation' | 'nested';
}

/** An image with one layer of its own in the OCI layout. */
async function layout({ platform = own, compress = gzipSync, swapped, manifests = 'one' }: LayoutOptions = {}) {
  const layer = await tarOf([{ name: 'hello', type: 'file', content: randomBytes(30_000).toString('hex') }]);
  const blobs = new Map<string, Buffer>();
  const add = (content: Buffer | object) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    blobs.set(sha256(bytes), bytes);
    return { digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  };
  const config = {
    ...platform,
    config: { Cmd: ['/hello'], ExposedPorts: { '8080/tcp': {} } },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created: '2026-01-01T00:00:00Z' }],
  };
  const configBlob = add(config);
  const manifest = add({ schemaVersion: 2, config: configBlob, layers: [add(compress(swapped ?? layer))] });
  const attestation = {
    ...add({ schemaVersion: 2, config: add({}), layers: [] }),
    platform: { os: 'unknown', architecture: 'unknown' },
  };
  const second = add({ schemaVersion: 2, config: configBlob, layers: [], annotations: { other: 'yes' } });
  const all = {
    one: [manifest],
    two: [manifest, second],
    'with-attestation': [{ ...manifest, platform }, attestation],
    nested: [add({ schemaVersion: 2, manifests: [{ ...manifest, platform }, attestation] })],
  }[manifests];
  const tarball = await tarOf([
    { name: 'oci-layout', type: 'file', content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', type: 'file', content: JSON.stringify({ schemaVersion: 2, manifests: all }) },
    { name: 'blobs/', type: 'directory' },
  ]);
  // The writer of test archives takes text; blobs are bytes.
  const rest = await Promise.all([...blobs].map(([digest, bytes]) => tarOfBytes(`blobs/sha256/${digest}`, bytes)));
  const end = Buffer.alloc(1024);
  const whole = Buffer.concat([tarball.subarray(0, -1024), ...rest.map((one) => one.subarray(0, -1024)), end]);
  return { tarball: whole, imageId: configBlob.digest };
}

async function tarOfBytes(name: string, bytes: Buffer): Promise<Buffer> {
  return tarOf([{ name, type: 'file', content: bytes }]);
}

test('2.3 the OCI layout is loaded with whatever it is compressed by, with an index in its index, and without attestations', async () => {
  await using t = await world();
  const layouts = [
    gzipSync((await layout()).tarball),
    zstdCompressSync((await layout({ compress: zstdCompressSync })).tarball),
    (await layout({ compress: (tar) => tar, manifests: 'with-attestation' })).tarball,
    (await layout({ manifests: 'nested' })).tarball,
  ];
  for (const [index, content] of layouts.entries()) {
    const owner = someone(index + 1);
    const image = await t.intake.load({ path: await t.file(content), owner }, silent, never);
    assert.deepEqual(image.exposedPorts, [8080]);
    await t.intake.forget(owner, null, never);
  }
  assert.deepEqual(await t.names(), []);
});

test('2.3 what is not exactly one image for this machine, or not what its configuration says, is refused before the engine gets it', async () => {
  await using t = await world();
  const load = async (content: Uint8Array) => {
    try {
      await t.intake.load({ path: await t.file(content), owner: someone() }, silent, never);
      return 'loaded';
    } catch (error) {
      if (!(error instanceof CutoverError)) throw error;
      return `${error.code}: ${error.message}`;
    }
  };
  const elsewhere = { os: 'linux', architecture: 's390x' };
  assert.match(await load((await layout({ platform: elsewhere })).tarball), /^image_wrong_platform: .*s390x/);
  assert.match(await load((await layout({ manifests: 'two' })).tarball), /^image_tarball_invalid: .*2 images/);
  const swapped = await tarOf([{ name: 'evil', type: 'file', content: 'x' }]);
  assert.match(await load((await layout({ swapped })).tarball), /^image_tarball_invalid: .*layer 1/);
  const { tarball } = await layout();
  assert.match(await load(tarball.subarray(0, tarball.length - 20_000)), /^image_tarball_invalid/);
  assert.match(await load(gzipSync(Buffer.alloc(10e6))), /^image_tarball_invalid/);
  const bomb = zstdCompressSync(Buffer.alloc(540e6));
  assert.match(await load((await layout({ compress: () => bomb })).tarball), /^image_tarball_invalid: .*larger/);
  for (const name of ['../escape', '/etc/escape']) {
    assert.match(
      await load(await tarOf([{ name, type: 'file', content: 'x' }])),
      /^image_tarball_invalid: .*leads out/,
    );
  }
  const device = await tarOf([{ name: 'manifest.json', type: 'character-device' }]);
  assert.match(await load(device), /^image_tarball_invalid: .*character-device/);
  const link = await tarOf([{ name: 'manifest.json', type: 'symlink', target: '/etc/passwd' }]);
  assert.match(await load(link), /^image_tarball_invalid/);
  assert.deepEqual(await t.names(), []);
});

test('2.2 a load that is aborted ends at once and leaves no name', async () => {
  await using t = await world();
  const { tarball } = await layout();
  const aborted = AbortSignal.abort(new Error('cancelled'));
  const request = { path: await t.file(tarball), owner: someone() };
  await assert.rejects(t.intake.load(request, silent, aborted), /cancelled/);
  const soon = new AbortController();
  const loading = t.intake.load(request, () => soon.abort(new Error('cancelled')), soon.signal);
  await assert.rejects(loading, /cancelled/);
  await t.intake.forget(request.owner, null, never);
  assert.deepEqual(await t.names(), []);
});

test('5.7 an image that came here as it is belongs to the stock of its platform, and of it only our name is taken away', async () => {
  await using t = await world();
  const { reference, digest, imageId } = await t.push('app:1');
  const owner = someone();
  await t.intake.pull({ reference, digest, credential: null, owner }, silent, never);
  const stock = createDockerImageStock({ socketPath: dockerSocket, platformId: t.platformId });
  const [found, ...others] = await stock.images(never);
  assert.deepEqual([found?.imageId, found?.receivedFor, others.length], [imageId, [owner.deploymentId], 0]);
  assert.deepEqual(
    await createDockerImageStock({ socketPath: dockerSocket, platformId: 'test-other' }).images(never),
    [],
  );
  const runtime = createDockerRuntime({
    socketPath: dockerSocket,
    platformId: t.platformId,
    networkPool: '10.215.0.0/16',
    log: quiet,
  });
  const theirs = `cutover-test-theirs-${randomBytes(4).toString('hex')}`;
  await docker.getImage(imageId).tag({ repo: theirs, tag: 'latest' });
  try {
    await runtime.removeImage(imageId, never);
    assert.deepEqual(await t.names(), []);
    assert.equal((await t.inspect(theirs))?.imageId, imageId);
  } finally {
    await docker.getImage(theirs).remove();
    await docker.getImage(imageId).remove({ force: true });
  }
});
