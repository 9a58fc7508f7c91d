import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { BuildPlan } from '../../src/domain/build-plan.ts';
import type { Builder, BuildLine, BuildRequest, BuiltImage } from '../../src/engine/ports/builder.ts';
import { readTar } from '../simulation/memory/build/tar.ts';
import { failsWith } from '../harness/git-server-source.ts';

/** How a build is to go. */
export interface WantedBuild {
  /** TCP ports, as the image says it. */
  readonly exposes?: readonly number[];
  /** A line on each stream. */
  readonly says?: { readonly stdout: string; readonly stderr: string };
  /** A step fails. */
  readonly fails?: true;
  /** A step never ends. */
  readonly hangs?: true;
  /** An image that it starts from. */
  readonly from?: string;
  /** Text by path below `/out` in the image. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface BuilderUnderTest extends AsyncDisposable {
  readonly builder: Builder;
  /** Something that builds so. */
  readonly app: (wanted: WantedBuild) => Promise<{ readonly contextPath: string; readonly plan: BuildPlan }>;
  /** By tag; null: there is none. */
  readonly tagged: (tag: string) => Promise<{ readonly imageId: string; readonly label: string | undefined } | null>;
  /** Put on every image, so that it can be found. */
  readonly label: string;
}

const never = new AbortController().signal;

/** The promises of `Builder` in `src/engine/ports/builder.ts`, to be kept by every driver. */
export function builderConformance(driver: string, setUp: () => Promise<BuilderUnderTest>): void {
  describe(`${driver}: building`, () => {
    test('an image has the tag and the labels that were asked for, and tells its TCP ports ascending', async () => {
      await using t = await setUp();
      const request = await requestFor(t, { exposes: [8080, 80] });
      const { image } = await build(t, request);
      assert.match(image.imageId, /^sha256:[0-9a-f]{64}$/);
      assert.deepEqual(image.exposedPorts, [80, 8080]);
      assert.ok(image.sizeBytes > 0);
      assert.deepEqual(await t.tagged(request.tag), { imageId: image.imageId, label: 'yes' });
    });

    test('what a step prints is told by its stream', async () => {
      await using t = await setUp();
      const says = { stdout: `out ${randomUUID()}`, stderr: `err ${randomUUID()}` };
      const { lines } = await build(t, await requestFor(t, { says }));
      for (const stream of ['stdout', 'stderr'] as const) {
        assert.ok(lines.some((line) => line.stream === stream && line.text === says[stream]));
      }
    });

    test('a step that fails, and a base image that is not to be had, are told apart, and no image is left', async () => {
      await using t = await setUp();
      const failing = await requestFor(t, { fails: true });
      await assert.rejects(build(t, failing), failsWith('build_failed'));
      assert.equal(await t.tagged(failing.tag), null);
      const baseless = await requestFor(t, { from: 'registry.invalid/none:1' });
      await assert.rejects(build(t, baseless), failsWith('base_image_missing', /`registry\.invalid\/none:1`/));
      assert.equal(await t.tagged(baseless.tag), null);
    });

    endRules(setUp);
    fileRules(setUp);
  });
}

function endRules(setUp: () => Promise<BuilderUnderTest>): void {
  test('a build that outlives its limit is ended and told as such', async () => {
    await using t = await setUp();
    const request = { ...(await requestFor(t, { hangs: true })), timeoutMs: 1_500 };
    const began = performance.now();
    await assert.rejects(build(t, request), failsWith('build_timed_out'));
    assert.ok(performance.now() - began >= 1_490);
    assert.equal(await t.tagged(request.tag), null);
  });

  test('an abort ends a build with its reason, before it begins and while it runs, and leaves no image', async () => {
    await using t = await setUp();
    const request = await requestFor(t, { hangs: true });
    await assert.rejects(build(t, request, AbortSignal.abort(new Error('early'))), /early/);
    const controller = new AbortController();
    const building = build(t, request, controller.signal);
    setTimeout(() => controller.abort(new Error('midway')), 300);
    await assert.rejects(building, /midway/);
    assert.equal(await t.tagged(request.tag), null);
  });
}

function fileRules(setUp: () => Promise<BuilderUnderTest>): void {
  test('the files of an image come as a tar whose names begin below the path', async () => {
    await using t = await setUp();
    const files = { 'index.html': randomUUID(), 'a/b.css': 'b' };
    const { image } = await build(t, await requestFor(t, { files }));
    const tar: Uint8Array[] = [];
    for await (const chunk of await t.builder.exportFiles(image.imageId, '/out', never)) tar.push(chunk);
    const read = readTar(Buffer.concat(tar)).map(({ path, content }) => [path, content.toString()]);
    assert.deepEqual(Object.fromEntries(read), files);
  });

  test('files that are not there are an empty output, and an image that is not there is gone', async () => {
    await using t = await setUp();
    const { image } = await build(t, await requestFor(t, { files: { x: randomUUID() } }));
    await assert.rejects(t.builder.exportFiles(image.imageId, '/absent', never), failsWith('build_empty_output'));
    const absent = `sha256:${'0'.repeat(64)}`;
    await assert.rejects(t.builder.exportFiles(absent, '/out', never), failsWith('artifact_gone'));
  });
}

async function requestFor(t: BuilderUnderTest, wanted: WantedBuild): Promise<BuildRequest> {
  return {
    ...(await t.app(wanted)),
    deploymentId: 'd1',
    tag: `cutover-test-builder:${randomUUID().slice(0, 8)}`,
    labels: { [t.label]: 'yes' },
    noCache: false,
    secrets: [],
    cacheScope: randomUUID(),
    timeoutMs: 120_000,
  };
}

async function build(
  { builder }: BuilderUnderTest,
  request: BuildRequest,
  signal = never,
): Promise<{ readonly image: BuiltImage; readonly lines: readonly BuildLine[] }> {
  const lines: BuildLine[] = [];
  return { image: await builder.build(request, (line) => lines.push(line), signal), lines };
}
