import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { writeFiles } from '../harness/sample-apps.ts';
import { build, cleanImagesAfterwards, planned, requestFor, serveOnce, temporaryDirectory } from './builder-harness.ts';

cleanImagesAfterwards();

const server = [
  `const { existsSync } = require('node:fs');`,
  `const has = (name) => existsSync('node_modules/' + name);`,
  `const answer = { ms: require('ms')('1 s'), built: existsSync('dist/made'), dev: has('isarray'), pm: has('.pnpm') };`,
  `require('node:http').createServer((_, response) => response.end(JSON.stringify(answer))).listen(3000);`,
  `process.on('SIGTERM', () => process.exit(0));`,
].join('\n');

function manifest(change: object = {}): object {
  return {
    private: true,
    scripts: { start: 'node server.js', build: 'node build.js' },
    dependencies: { ms: '2.1.3' },
    devDependencies: { isarray: '2.0.5' },
    ...change,
  };
}

/** The build uses the dev dependency. */
const sources = {
  'server.js': server,
  'build.js': `require('isarray'); require('node:fs').mkdirSync('dist'); require('node:fs').writeFileSync('dist/made', '')`,
};

async function lock(directory: string): Promise<void> {
  await promisify(execFile)('npm', ['install', '--package-lock-only', '--ignore-scripts'], { cwd: directory });
}

async function registry(): Promise<string> {
  return (await promisify(execFile)('npm', ['config', 'get', 'registry'])).stdout.trim();
}

describe('Node apps built by the planner', () => {
  it('have their dependencies from the lock file, are built, and keep no dev dependencies', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFiles(app, { ...sources, 'package.json': manifest() });
    await lock(app);
    const { image } = await build(requestFor(app, await planned(app)));
    const { body, exitCode } = await serveOnce(t, image.imageId, 3000);
    assert.deepEqual(JSON.parse(body), { ms: 1000, built: true, dev: false, pm: false });
    assert.equal(exitCode, 0);
  });

  it('keep the layer of dependencies when package.json changes in other fields', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFiles(app, { ...sources, 'package.json': manifest() });
    await lock(app);
    await build(requestFor(app, await planned(app)));
    await writeFiles(app, { 'package.json': manifest({ description: `changed ${Math.random()}` }) });
    const lines = (await build(requestFor(app, await planned(app)))).lines.map((line) => line.text);
    const install = lines.find((line) => /^\[install .*\] RUN \S+ npm ci/.test(line)) ?? '';
    assert.ok(lines.includes(`${install.slice(0, install.indexOf(']') + 1)} cached`), lines.join('\n'));
    assert.ok(
      lines.some((line) => /^\[build .*\] done/.test(line)),
      lines.join('\n'),
    );
  });

  it('whose lock file is out of step are installed without it, once, and the log says so', async (t) => {
    const app = await temporaryDirectory(t);
    await writeFiles(app, { ...sources, 'package.json': manifest({ dependencies: {} }) });
    await lock(app);
    await writeFiles(app, { 'package.json': manifest() });
    const { image, lines } = await build(requestFor(app, await planned(app)));
    assert.ok(lines.some((line) => line.text.includes('trying npm install once')));
    assert.equal(JSON.parse((await serveOnce(t, image.imageId, 3000)).body).ms, 1000);
  });

  it('with install scripts see their whole source while installing', async (t) => {
    const app = await temporaryDirectory(t);
    const scripts = { start: 'node server.js', postinstall: 'node build.js' };
    await writeFiles(app, { ...sources, 'package.json': manifest({ scripts }) });
    const { image } = await build(requestFor(app, await planned(app)));
    const { body } = await serveOnce(t, image.imageId, 3000);
    assert.deepEqual(JSON.parse(body), { ms: 1000, built: true, dev: false, pm: false });
  });

  const managers = [
    ['pnpm', 'pnpm@10.11.0', true],
    ['yarn (classic)', 'yarn@1.22.22', false],
    ['yarn (berry)', 'yarn@4.9.1', false],
  ] as const;
  for (const [name, packageManager, pm] of managers) {
    it(`are installed and built with ${name}`, async (t) => {
      const app = await temporaryDirectory(t);
      await writeFiles(app, { ...sources, 'package.json': manifest({ packageManager }) });
      // Yarn 2 and later have a registry of their own; the machine's is taken instead.
      const buildEnv = { YARN_NPM_REGISTRY_SERVER: await registry() };
      const { image } = await build(requestFor(app, await planned(app, { buildEnv })));
      const answer: unknown = JSON.parse((await serveOnce(t, image.imageId, 3000)).body);
      assert.deepEqual(answer, { ms: 1000, built: true, dev: false, pm });
    });
  }
});
