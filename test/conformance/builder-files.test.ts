import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeFiles, writeViteApp } from '../harness/sample-apps.ts';
import {
  build,
  builder,
  cleanImagesAfterwards,
  containersOfExport,
  dockerfilePlan,
  exported,
  never,
  planned,
  requestFor,
  run,
  temporaryDirectory,
} from './builder-harness.ts';

cleanImagesAfterwards();

describe('the BuildKit builder: files of an image', () => {
  it('come as a tar whose names begin below the path, and no container is left', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFiles(app, { 'site/index.html': run, 'site/a/b.css': 'b' });
    const { image } = await build(requestFor(app, dockerfilePlan(['FROM scratch', 'COPY site /out'])));
    assert.deepEqual(await exported(t, image.imageId, '/out'), { 'index.html': run, 'a/b.css': 'b' });
    assert.deepEqual(await containersOfExport(image.imageId), []);
  });

  it('are not waited for after an abort, and no container is left', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFiles(app, { 'site/large': run + 'x'.repeat(32 * 1024 * 1024) });
    const { image } = await build(requestFor(app, dockerfilePlan(['FROM scratch', 'COPY site /out'])));
    const controller = new AbortController();
    const chunks = await builder.exportFiles(image.imageId, '/out', controller.signal);
    const reading = (async () => {
      for await (const chunk of chunks) if (chunk.length > 0) controller.abort(new Error('enough'));
    })();
    await assert.rejects(reading, /enough/);
    assert.deepEqual(await containersOfExport(image.imageId), []);
  });

  it('that are not there are an empty output, and an image that is not there is gone', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFiles(app, { x: run });
    const { image } = await build(requestFor(app, dockerfilePlan(['FROM scratch', 'COPY x /x'])));
    await assert.rejects(builder.exportFiles(image.imageId, '/absent', never), { code: 'build_empty_output' });
    assert.deepEqual(await containersOfExport(image.imageId), []);
    await assert.rejects(builder.exportFiles(`sha256:${'0'.repeat(64)}`, '/x', never), { code: 'artifact_gone' });
  });

  it('a Vite app is built with the real Vite and its build environment, and its files come out', async (t) => {
    const app = await temporaryDirectory(t);
    await writeViteApp(app);
    const plan = await planned(app, { buildEnv: { VITE_GREETING: `hello-${run}` } });
    const { image } = await build(requestFor(app, plan, { timeoutMs: 300_000 }));
    assert.ok(plan.output.type === 'image-files');
    const files = await exported(t, image.imageId, plan.output.path);
    assert.match(files['index.html'] ?? '', /<script type="module"/);
    const script = Object.keys(files).find((name) => name.endsWith('.js')) ?? '';
    assert.match(files[script] ?? '', new RegExp(`hello-${run}`));
  });
});
