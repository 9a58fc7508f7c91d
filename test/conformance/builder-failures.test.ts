import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CutoverError } from '../../src/domain/errors.ts';
import { createBuildKitBuilder } from '../../src/drivers/build/buildkit/builder.ts';
import {
  base,
  build,
  cleanImagesAfterwards,
  docker,
  dockerfilePlan,
  failure,
  isRunning,
  never,
  requestFor,
  run,
  temporaryDirectory,
  until,
} from './builder-harness.ts';

cleanImagesAfterwards();

describe('the BuildKit builder: failures', () => {
  it('a failing step is named with its exit code and its last 20 lines', async (t) => {
    const app = await temporaryDirectory(t);
    const plan = dockerfilePlan([`FROM ${base}`, 'RUN for i in $(seq 1 30); do echo "line $i"; done; exit 3']);
    const error = await failure(requestFor(app, plan));
    assert.equal(error.code, 'build_failed');
    assert.match(error.message, /RUN for i in .* failed with exit code 3/);
    assert.deepEqual(
      error.message.split('\n').slice(1),
      Array.from({ length: 20 }, (_, index) => `line ${index + 11}`),
    );
  });

  it('a line of .dockerignore that is no pattern is named with its number', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFile(join(app, '.dockerignore'), 'logs\n[a\n');
    const error = await failure(requestFor(app, dockerfilePlan([`FROM ${base}`])));
    assert.equal(error.code, 'dockerfile_invalid');
    assert.match(error.message, /^\.dockerignore, line 2: "\[a" is no pattern: /);
  });

  it('a step that fails beside another one is the one that is named', async (t) => {
    const app = await temporaryDirectory(t);
    const plan = dockerfilePlan([
      `FROM ${base} AS slow`,
      `RUN echo ${run}; sleep 20`,
      `FROM ${base} AS broken`,
      'RUN echo "the cause"; exit 4',
      `FROM ${base}`,
      'COPY --from=slow /etc /slow',
      'COPY --from=broken /etc /broken',
    ]);
    const error = await failure(requestFor(app, plan));
    assert.match(error.message, /the cause" *; exit 4` failed with exit code 4.*\nthe cause$/s);
  });

  const cases: readonly (readonly [rule: string, code: string, lines: readonly string[], message: RegExp])[] = [
    [
      'exit code 137 is named as out of memory',
      'build_out_of_memory',
      [`FROM ${base}`, 'RUN exit 137'],
      /RUN exit 137/,
    ],
    [
      'a full disk is named',
      'disk_full',
      [`FROM ${base}`, 'RUN echo "tar: x: No space left on device"; exit 2'],
      /no space/,
    ],
    [
      'a base image that cannot be pulled is named',
      'base_image_missing',
      ['FROM registry.invalid/none:1'],
      /`registry\.invalid\/none:1`/,
    ],
    [
      'so is one that is copied from',
      'base_image_missing',
      [`FROM ${base}`, 'COPY --from=cutover-test-none:1 /a /b'],
      /`cutover-test-none:1`/,
    ],
    [
      'an unknown instruction is a fault of the Dockerfile',
      'dockerfile_invalid',
      [`FROM ${base}`, 'FOO bar'],
      /line 2: unknown instruction: FOO/,
    ],
    ['an empty Dockerfile is one too', 'dockerfile_invalid', ['# nothing'], /./],
    [
      'a file that is not in the context fails its step',
      'build_failed',
      [`FROM ${base}`, 'COPY absent /x'],
      /COPY absent .*not found/,
    ],
  ];
  for (const [rule, code, lines, message] of cases) {
    it(rule, async (t) => {
      const error = await failure(requestFor(await temporaryDirectory(t), dockerfilePlan(lines)));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
    });
  }

  it('a target that is not there is a fault of the Dockerfile', async (t) => {
    const plan = dockerfilePlan([`FROM ${base}`], { target: 'absent' });
    assert.equal((await failure(requestFor(await temporaryDirectory(t), plan))).code, 'dockerfile_invalid');
  });

  it('a `# syntax` line whose image cannot be pulled is left out once, and the log says so', async (t) => {
    const plan = dockerfilePlan(['# syntax=registry.invalid/dockerfile:1', `FROM ${base}`, `RUN echo ${run} syntax`]);
    const { lines } = await build(requestFor(await temporaryDirectory(t), plan));
    const texts = lines.map((line) => line.text);
    assert.ok(
      texts.some((text) => text.includes('trying once without')),
      texts.join('\n'),
    );
    assert.ok(texts.includes(`${run} syntax`));
  });

  it('an engine that does not answer is told as such', async (t) => {
    const absent = createBuildKitBuilder({ socketPath: '/tmp/cutover-test-no-such.sock' });
    const wanted = requestFor(await temporaryDirectory(t), dockerfilePlan([`FROM ${base}`]));
    await assert.rejects(
      absent.build(wanted, () => {}, never),
      { code: 'runtime_unavailable' },
    );
  });
});

describe('the BuildKit builder: an end before the end', () => {
  it('an abort ends the build in half a second and leaves no process, no container and no image', async (t) => {
    const app = await temporaryDirectory(t);
    const marker = `sleep 1${Math.floor(Math.random() * 1e8)}`;
    const controller = new AbortController();
    const wanted = requestFor(app, dockerfilePlan([`FROM ${base}`, `RUN ${marker}`]));
    const settled = build(wanted, controller.signal).then(
      () => assert.fail('it succeeded'),
      (reason: unknown) => reason,
    );
    const argument = marker.split(' ')[1] ?? '';
    await until('the step to run', async () => ((await isRunning(argument)) ? true : null));
    const began = performance.now();
    const reason = new CutoverError('cancelled', 'by the test');
    controller.abort(reason);
    assert.equal(await settled, reason);
    const tookMs = performance.now() - began;
    t.diagnostic(`cancelled in ${tookMs.toFixed(0)} ms`);
    assert.ok(tookMs < 1500, `it took ${tookMs} ms`);
    await until('the step to be gone', async () => ((await isRunning(argument)) ? null : true), 2000);
    await assert.rejects(docker.getImage(wanted.tag).inspect(), { statusCode: 404 });
  });

  it('an abort before the first byte and one while the context is sent leave nothing either', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFile(join(app, 'large'), Buffer.alloc(64 * 1024 * 1024, 7));
    const wanted = requestFor(app, dockerfilePlan([`FROM ${base}`, 'COPY large /large']));
    await assert.rejects(build(wanted, AbortSignal.abort(new Error('early'))), /early/);
    const controller = new AbortController();
    const settled = build(wanted, controller.signal);
    setTimeout(() => controller.abort(new Error('midway')), 60);
    await assert.rejects(settled, /midway/);
    await assert.rejects(docker.getImage(wanted.tag).inspect(), { statusCode: 404 });
  });

  it('a build that outlives its limit is ended and told as such', async (t) => {
    const marker = `2${Math.floor(Math.random() * 1e8)}`;
    const wanted = requestFor(await temporaryDirectory(t), dockerfilePlan([`FROM ${base}`, `RUN sleep ${marker}`]), {
      timeoutMs: 1500,
    });
    assert.equal((await failure(wanted)).code, 'build_timed_out');
    await until('the step to be gone', async () => ((await isRunning(marker)) ? null : true), 2000);
  });
});
