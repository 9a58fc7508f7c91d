import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutputChunk } from '../../src/engine/ports/runtime.ts';
import { execRules } from './runtime-exec.ts';
import { exitRules } from './runtime-exits.ts';
import { usageRules } from './runtime-usage.ts';
import { volumeRules } from './runtime-volumes.ts';
import { collect, limit, missingImage, rejectsWith, rulesFor, take, texts } from './runtime-world.ts';
import type { RuntimeUnderTest } from './runtime-world.ts';

export { instanceSpec } from './runtime-world.ts';

/** The promises of `src/engine/ports/runtime.ts`, to be kept by every driver. */
export function runtimeConformance(driver: string, create: () => Promise<RuntimeUnderTest>): void {
  const rule = rulesFor(driver, create);
  execRules(rule);
  volumeRules(rule);
  exitRules(rule);
  usageRules(rule);

  rule('an instance that starts is running, has an address and belongs to its deployment', async (world) => {
    const status = await world.start('serve');
    assert.equal(status.running, true);
    assert.match(status.address ?? '', /^\d+\.\d+\.\d+\.\d+$/);
    assert.equal(status.deploymentId, 'deployment-1');
    assert.equal(status.exitCode, null);
    assert.equal(status.restarts, 0);
    assert.ok(status.startedAt !== null && Math.abs(Date.now() - status.startedAt) < 60_000);
    assert.deepEqual(await world.runtime.status('i1', limit()), status);
  });

  rule('starting the same instance again, also at the same time, leaves one container', async (world) => {
    const spec = world.spec('serve');
    const started = await Promise.all([1, 2, 3].map(() => world.runtime.start(spec, limit())));
    const again = await world.runtime.start(spec, limit());
    assert.equal(new Set([...started, again].map((status) => status.containerId)).size, 1);
    assert.equal((await world.runtime.list(limit())).length, 1);
  });

  rule('an instance that has exited is not started again by a repeated start', async (world) => {
    await world.start('exit-3');
    const exited = await world.until('i1', (status) => status.exitCode !== null);
    const again = await world.start('exit-3');
    assert.deepEqual(again, exited);
  });

  rule('the exit code is told, and at the gate nobody restarts the instance', async (world) => {
    await world.start('exit-3');
    const status = await world.until('i1', ({ exitCode }) => exitCode !== null);
    assert.equal(status.exitCode, 3);
    assert.equal(status.running, false);
    assert.equal(status.outOfMemory, false);
    await sleep(500);
    assert.equal((await world.runtime.status('i1', limit()))?.restarts, 0);
  });

  rule('an instance killed for its memory says so', async (world) => {
    await world.runtime.start({ ...world.spec('hungry'), memoryMb: 24 }, limit());
    const status = await world.until('i1', ({ exitCode }) => exitCode !== null);
    assert.equal(status.outOfMemory, true);
    assert.notEqual(status.exitCode, 0);
  });

  rule('a missing image is artifact_gone, and nothing is left', async (world) => {
    await rejectsWith('artifact_gone', world.runtime.start({ ...world.spec('serve'), imageId: missingImage }, limit()));
    assert.deepEqual(await world.runtime.list(limit()), []);
  });

  rule('after keepAlive the instance is restarted whenever it exits, and the restarts are counted', async (world) => {
    await world.start('flaky');
    await world.runtime.keepAlive('i1', limit());
    await world.runtime.keepAlive('i1', limit());
    const status = await world.until('i1', ({ restarts, running }) => restarts >= 2 && running);
    assert.equal(status.exitCode, null);
  });

  rule('keepAlive brings back an instance that exited just before', async (world) => {
    const first = await world.start('flaky');
    await world.until('i1', ({ exitCode }) => exitCode !== null);
    await world.runtime.keepAlive('i1', limit());
    const back = await world.until('i1', ({ running, startedAt }) => running && startedAt !== first.startedAt);
    assert.equal(back.containerId, first.containerId);
  });

  rule('the networks are told by their projects, for as long as they exist', async (world) => {
    assert.deepEqual(await world.runtime.networks(limit()), ['shop']);
    await world.runtime.ensureNetwork('blog', limit());
    assert.deepEqual((await world.runtime.networks(limit())).toSorted(), ['blog', 'shop']);
    await world.runtime.removeNetwork('blog', limit());
    assert.deepEqual(await world.runtime.networks(limit()), ['shop']);
  });

  rule('what is absent has no status, and may be stopped', async (world) => {
    assert.equal(await world.runtime.status('nobody', limit()), null);
    await world.runtime.stop('nobody', 1_000, limit());
    assert.deepEqual(await world.runtime.listeningPorts('nobody', limit()), { open: [], loopbackOnly: [] });
    assert.deepEqual(await collect(world.runtime.output('nobody', null, limit())), []);
  });

  rule('stopping sends SIGTERM first, and the container is gone afterwards', async (world) => {
    await world.start('polite');
    await world.untilPrinted('i1', 'ready');
    const output = collect(world.runtime.output('i1', null, limit()));
    await world.runtime.stop('i1', 10_000, limit());
    assert.equal(await world.runtime.status('i1', limit()), null);
    assert.deepEqual(texts(await output), ['ready', 'bye']);
  });

  rule('stopping kills after the grace what ignores SIGTERM', async (world) => {
    await world.start('stubborn');
    await world.untilPrinted('i1', 'ready');
    const before = performance.now();
    await world.runtime.stop('i1', 1_000, limit());
    const took = performance.now() - before;
    assert.ok(took >= 900 && took < 20_000, `took ${took} ms`);
    assert.equal(await world.runtime.status('i1', limit()), null);
  });

  rule('several may stop the same instance at once', async (world) => {
    await world.start('polite');
    await Promise.all([1, 2, 3].map(() => world.runtime.stop('i1', 5_000, limit())));
    assert.deepEqual(await world.runtime.list(limit()), []);
  });

  rule('the list holds every container of the platform, also those that exited', async (world) => {
    await world.start('serve', 'i1');
    await world.start('exit-3', 'i2');
    await world.until('i2', ({ exitCode }) => exitCode !== null);
    const listed = await world.runtime.list(limit());
    assert.deepEqual(
      new Map(listed.map((status) => [status.instanceId, status.running])),
      new Map([
        ['i1', true],
        ['i2', false],
      ]),
    );
  });

  rule('listening ports are told ascending, those on loopback apart', async (world) => {
    await world.start('serve');
    const ports = await world.eventually(
      () => world.runtime.listeningPorts('i1', limit()),
      ({ open, loopbackOnly }) => open.length > 0 && loopbackOnly.length > 0,
    );
    assert.deepEqual(ports, { open: [3000], loopbackOnly: [4000] });
  });

  rule('the output of an exited instance is complete and ends', async (world) => {
    await world.start('exit-3');
    const chunks = await collect(world.runtime.output('i1', null, limit()));
    assert.deepEqual(texts(chunks), ['last words']);
    assert.equal(chunks[0]?.stream, 'stdout');
    assert.ok(Math.abs(Date.now() - Date.parse(chunks[0]?.position ?? '')) < 60_000);
  });

  rule('output resumed after any position loses and repeats no line', async (world) => {
    await world.start('chatter');
    const whole = await take(world.runtime.output('i1', null, limit()), 400);
    assert.deepEqual(numbersOf(whole, 'stdout'), oneTo(200));
    assert.deepEqual(numbersOf(whole, 'stderr'), oneTo(200));
    for (const cut of [1, 57, 200, 399]) {
      const since = whole[cut - 1]?.position ?? '';
      const rest = await take(world.runtime.output('i1', since, limit()), 400 - cut);
      assert.deepEqual(rest, whole.slice(cut), `after line ${cut}`);
    }
  });

  rule('a long line is one chunk, and resuming after it goes on with the next line', async (world) => {
    await world.start('long-line');
    const [long, after] = await take(world.runtime.output('i1', null, limit()), 2);
    assert.equal(long?.text.length, 100_000);
    assert.equal(after?.text, 'after');
    assert.deepEqual(await take(world.runtime.output('i1', long?.position ?? '', limit()), 1), [after]);
  });

  rule('output goes on over a restart by the engine', async (world) => {
    await world.start('flaky');
    await world.runtime.keepAlive('i1', limit());
    assert.deepEqual(texts(await take(world.runtime.output('i1', null, limit()), 3)), ['up', 'up', 'up']);
  });

  rule('an aborted call throws the reason of the abort', async (world) => {
    const aborted = AbortSignal.abort(new Error('not wanted'));
    await assert.rejects(world.runtime.start(world.spec('serve'), aborted), /not wanted/);
    await assert.rejects(world.runtime.list(aborted), /not wanted/);
    await assert.rejects(collect(world.runtime.output('i1', null, aborted)), /not wanted/);
    assert.deepEqual(await world.runtime.list(limit()), []);
  });

  rule('a network may be ensured and removed twice', async (world) => {
    await world.runtime.ensureNetwork('shop', limit());
    await world.runtime.removeNetwork('shop', limit());
    await world.runtime.removeNetwork('shop', limit());
  });

  rule('an image that is not here is null, one that is here is told', async (world) => {
    assert.equal(await world.runtime.inspectImage(missingImage, limit()), null);
    const image = await world.runtime.inspectImage(world.imageId, limit());
    assert.equal(image?.imageId, world.imageId);
    assert.ok((image?.sizeBytes ?? 0) > 0);
    await world.runtime.removeImage(missingImage, limit());
  });

  rule('the engine says what it is', async (world) => {
    const info = await world.runtime.ping(limit());
    assert.ok(info.cpus > 0 && info.memoryBytes > 0 && info.version !== '' && info.apiVersion !== '');
  });
}

function numbersOf(chunks: readonly OutputChunk[], stream: OutputChunk['stream']): number[] {
  return chunks.filter((chunk) => chunk.stream === stream).map((chunk) => Number(chunk.text.split(' ')[1]));
}

function oneTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
