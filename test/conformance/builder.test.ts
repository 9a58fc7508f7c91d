import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { writeDockerfileApp, writeFiles, writeHelloNode } from '../harness/sample-apps.ts';
import {
  base,
  build,
  cleanImagesAfterwards,
  docker,
  dockerfilePlan,
  planned,
  requestFor,
  run,
  runLabel,
  serveOnce,
  temporaryDirectory,
} from './builder-harness.ts';

cleanImagesAfterwards();

describe('the BuildKit builder: images from plans', () => {
  it('a Node app without dependencies is built by the planner, answers, and exits by itself on SIGTERM', async (t) => {
    const app = await temporaryDirectory(t);
    await writeHelloNode(app, { text: 'planned' });
    const { image } = await build(requestFor(app, await planned(app)));
    assert.deepEqual(await serveOnce(t, image.imageId, 3000).then(({ body, exitCode }) => ({ body, exitCode })), {
      body: 'planned\n',
      exitCode: 0,
    });
  });

  it('SIGTERM reaches the app through a start script that needs a shell, and its exit is waited for', async (t) => {
    const app = await temporaryDirectory(t);
    await writeHelloNode(app, {
      text: 'relayed',
      startScript: 'echo starting && GREETING="a b" node server.js && echo "bye bye"',
    });
    const { image } = await build(requestFor(app, await planned(app)));
    const { body, exitCode, stopMs } = await serveOnce(t, image.imageId, 3000);
    assert.deepEqual({ body, exitCode }, { body: 'relayed\n', exitCode: 0 });
    assert.ok(stopMs < 4000, `stopping took ${stopMs} ms`);
  });

  it('a Node app runs without root and may write into its own directory', async (t) => {
    const app = await temporaryDirectory(t);
    await writeHelloNode(app);
    await writeFiles(app, {
      'server.js': `import fs from 'node:fs'; import http from 'node:http';
        fs.writeFileSync('made', 'x'); fs.appendFileSync('server.js', '');
        http.createServer((_, response) => response.end(process.getuid() + ' ' + process.env.NODE_ENV)).listen(3000);
        process.on('SIGTERM', () => process.exit(0));`,
    });
    const { image } = await build(requestFor(app, await planned(app)));
    assert.equal((await serveOnce(t, image.imageId, 3000)).body, '1000 production');
  });

  it("a user's own Dockerfile is built with its arguments; exposed ports, labels and tag are those asked for", async (t) => {
    const app = await temporaryDirectory(t);
    await writeDockerfileApp(app, 'own file');
    const plan = await planned(app, { buildEnv: { NODE: '24' } });
    assert.deepEqual(plan.baseImages, ['node:24-slim']);
    const wanted = requestFor(app, plan);
    const { image } = await build(wanted);
    assert.deepEqual(image.exposedPorts, [8080]);
    assert.equal((await serveOnce(t, image.imageId, 8080)).body, 'own file\n');
    const tagged = await docker.getImage(wanted.tag).inspect();
    assert.equal(tagged.Id, image.imageId);
    assert.equal(tagged.Size, image.sizeBytes);
    assert.equal(tagged.Config.Labels[runLabel], run);
  });

  it('exposed ports are ascending TCP ports; the target decides which stage is built', async (t) => {
    const app = await temporaryDirectory(t);
    const plan = dockerfilePlan(
      [`FROM ${base} AS first`, 'EXPOSE 8080 53/udp 80/tcp', 'FROM first AS second', 'EXPOSE 9'],
      { target: 'first' },
    );
    assert.deepEqual((await build(requestFor(app, plan))).image.exposedPorts, [80, 8080]);
  });
});

describe('the BuildKit builder: the log', () => {
  it('shows each step, its output by stream, what was drawn last on a line, and how long it took', async (t) => {
    const app = await temporaryDirectory(t);
    const plan = dockerfilePlan([`FROM ${base}`, `RUN printf '10%%\\r100%%\\nno end'; echo "to stderr ${run} é" >&2`]);
    const { lines } = await build(requestFor(app, plan));
    const texts = lines.map((line) => `${line.stream}: ${line.text}`);
    assert.ok(
      texts.some((text) => text.startsWith('progress: [2/2] RUN printf')),
      texts.join('\n'),
    );
    assert.ok(texts.includes('stdout: 100%'));
    assert.ok(texts.includes('stdout: no end'));
    assert.ok(texts.includes(`stderr: to stderr ${run} é`));
    assert.ok(texts.some((text) => /^progress: \[2\/2\] done in \d+\.\d s$/.test(text)));
  });

  it('says which steps were cached, and without cache runs them again', async (t) => {
    const app = await temporaryDirectory(t);
    const plan = dockerfilePlan([`FROM ${base}`, `RUN echo "ran ${run} cached"`]);
    const first = requestFor(app, plan);
    await build(first);
    const again = (await build(requestFor(app, plan))).lines.map((line) => line.text);
    assert.ok(again.includes('[2/2] cached') && !again.includes(`ran ${run} cached`), again.join('\n'));
    const fresh = (await build(requestFor(app, plan, { noCache: true }))).lines.map((line) => line.text);
    assert.ok(fresh.includes(`ran ${run} cached`), fresh.join('\n'));
  });
});

describe('the BuildKit builder: the context', () => {
  it('leaves out what .dockerignore names and .git, keeps links as links, and never replaces a file of the user', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFiles(app, {
      '.dockerignore': '# comment\nsecret.txt\nlogs\n!logs/keep.txt\n**/*.tmp\nc++\na(b)\n',
      'secret.txt': 's',
      'c++/a.txt': 'c',
      'a(b)': 'p',
      'logs/a.txt': 'a',
      'logs/keep.txt': 'k',
      'deep/down/x.tmp': 't',
      'deep/down/y.txt': 'y',
      '.git/HEAD': 'ref',
      '.cutover.Dockerfile': 'mine',
    });
    await symlink('/etc/hostname', join(app, 'outside'));
    const plan = dockerfilePlan([
      `FROM ${base}`,
      'WORKDIR /c',
      'COPY . .',
      `RUN find . ! -type d | sort; cat .cutover.Dockerfile; : ${run}`,
    ]);
    const { lines } = await build(requestFor(app, plan));
    const found = lines.filter((line) => line.stream === 'stdout').map((line) => line.text);
    assert.deepEqual(found, [
      './.cutover.Dockerfile',
      './.cutover.cutover.Dockerfile',
      './.dockerignore',
      './deep/down/y.txt',
      './logs/keep.txt',
      './outside',
      'mine',
    ]);
  });

  it('equal trees make equal layers, whatever their times', async (t) => {
    const plan = dockerfilePlan([`FROM ${base}`, 'COPY . /c', `RUN echo "ran ${run} times"`]);
    const one = await temporaryDirectory(t);
    await writeFiles(one, { 'a/b.txt': run });
    await build(requestFor(one, plan));
    const two = await temporaryDirectory(t);
    await delay(1100);
    await writeFiles(two, { 'a/b.txt': run });
    const lines = (await build(requestFor(two, plan))).lines.map((line) => line.text);
    assert.ok(!lines.includes(`ran ${run} times`), lines.join('\n'));
  });
});
