import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { DiskUsage } from '../../src/contract/schemas/system.ts';
import { createBuildKitBuilder } from '../../src/drivers/build/buildkit/builder.ts';
import { directorySize } from '../../src/drivers/disk/directory-size.ts';
import type { Builder } from '../../src/engine/ports/builder.ts';
import { dockerfilePlan, never, requestFor } from '../conformance/builder-harness.ts';
import { startEmptyDockerd, type OwnDockerd } from '../harness/own-dockerd.ts';
import { writeFiles } from '../harness/sample-apps.ts';
import { Stage } from './stage.ts';

/** What builds leave is cut to a budget (section 3.4): on an engine of its own, since there is one cache for all who use an engine. */
const skip = process.getuid?.() === 0 ? false : 'only root may run a Docker Engine';
const mebibyte = 1024 ** 2;
const names = ['a', 'b', 'c', 'd'];

interface CacheRecord {
  readonly Size: number;
  readonly Shared: boolean;
  readonly LastUsedAt: string;
}

describe('the cache of builds', { skip }, () => {
  let dockerd: OwnDockerd;
  let stage: Stage;
  let builder: Builder;
  let place: string;
  before(async () => {
    place = await mkdtemp('/tmp/cutover-test-build-cache-');
    dockerd = await startEmptyDockerd();
    builder = createBuildKitBuilder({ socketPath: dockerd.socket });
    stage = await Stage.open({ variables: { dockerSocket: dockerd.socket, networkPool: '10.217.0.0/16' } });
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    await dockerd[Symbol.asyncDispose]();
    await rm(place, { recursive: true });
  });

  /** A large file that only the cache keeps, and a small one that is all of the image. Resolves to the id of the image. */
  async function build(name: string): Promise<string> {
    const steps = ['FROM scratch AS all', 'COPY large small /', 'FROM scratch', 'COPY --from=all /small /small'];
    const request = requestFor(join(place, name), dockerfilePlan(steps, { baseImages: [] }));
    return (await builder.build(request, () => {}, never)).imageId;
  }

  async function shown(): Promise<DiskUsage['parts'][number]> {
    const { parts } = await stage.must<DiskUsage>('GET', '/api/system/disk-usage');
    return parts.find(({ name }) => name === 'build-cache') ?? assert.fail('the cache of builds is not shown');
  }

  /** What the engine lists of it, without what is in images too. */
  async function listed(): Promise<readonly CacheRecord[]> {
    const { BuildCache } = (await dockerd.docker.df()) as { BuildCache: readonly CacheRecord[] };
    return BuildCache.filter(({ Shared }) => !Shared);
  }

  async function cutTo(buildCacheBytes: number): Promise<void> {
    await stage.must('PATCH', '/api/retention/settings', { buildCacheBytes });
    await stage.must('POST', '/api/retention/run', {});
  }

  /** The same number from the platform and from the engine; and what everything of the engine takes on the disk. */
  async function sizes() {
    const part = await shown();
    const bytes = (await listed()).reduce((sum, { Size }) => sum + Size, 0);
    assert.equal(part.bytes, bytes);
    return { bytes, budget: part.budgetBytes, disk: await directorySize(dockerd.dataRoot, never) };
  }

  async function fileOf(imageId: string): Promise<string> {
    const saved = await text(await dockerd.docker.getImage(imageId).get());
    return /small [a-d]!/.exec(saved)?.[0] ?? '';
  }

  test('is cut to its budget by what was used least, is as large as the engine and the disk say, and no image suffers', async () => {
    const images: string[] = [];
    const began: number[] = [];
    for (const name of names) {
      await writeFiles(join(place, name), {
        small: `small ${name}!`,
        large: randomBytes(4 * mebibyte).toString('hex'),
      });
      began.push(Date.now());
      images.push(await build(name));
    }
    const full = await sizes();
    assert.ok(full.bytes > names.length * 8 * mebibyte, String(full.bytes));

    const budget = 20 * mebibyte;
    await cutTo(budget);
    const cut = await sizes();
    assert.equal(cut.budget, budget);
    assert.ok(cut.bytes > 0 && cut.bytes <= budget, String(cut.bytes));
    assert.ok(Math.abs(full.disk - cut.disk - (full.bytes - cut.bytes)) < mebibyte, JSON.stringify({ full, cut }));
    // There is room for what the last build used, or a part of it and one of the build before.
    const kept = await listed();
    assert.ok(kept.every(({ LastUsedAt }) => Date.parse(LastUsedAt) >= (began.at(-2) ?? Infinity)));
    await cutTo(budget);
    assert.equal((await sizes()).bytes, cut.bytes, 'what is within its budget stays');

    await cutTo(0);
    assert.equal((await sizes()).bytes, 0);
    const files = await Promise.all(images.map(fileOf));
    assert.deepEqual(
      files,
      names.map((name) => `small ${name}!`),
    );
    await writeFiles(join(place, 'a'), { small: 'small b!' });
    assert.equal(await fileOf(await build('a')), 'small b!', 'builds go on without it');
  });
});
