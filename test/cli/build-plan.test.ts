import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLocalOperations } from '../../src/daemon/local-operations.ts';
import { writeFiles, type SampleFiles } from '../harness/sample-apps.ts';
import { runMain } from './cli-run.ts';

async function repository(t: TestContext, files: SampleFiles): Promise<string> {
  const directory = await mkdtemp('/tmp/cutover-test-build-plan-');
  t.after(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, '.git'));
  await writeFiles(directory, files);
  return directory;
}

/** Offline: there is no server, no login, and a request would fail the test. */
function plan(directory: string, ...options: readonly string[]) {
  return runMain(['build', 'plan', directory, ...options], {
    local: createLocalOperations(),
    fetch: () => assert.fail('a request was sent'),
  });
}

async function isGolden(name: string, text: string): Promise<void> {
  const golden = new URL(`golden/build-plan/${name}.txt`, import.meta.url);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    await mkdir(new URL('.', golden), { recursive: true });
    await writeFile(golden, text);
  }
  assert.equal(text, await readFile(golden, 'utf8'));
}

const shop: SampleFiles = {
  'package.json': { name: 'root', private: true, workspaces: ['apps/*', 'packages/*'] },
  'package-lock.json': {},
  'apps/shop/package.json': {
    name: 'shop',
    scripts: { build: 'vite build' },
    dependencies: { ui: '*' },
    devDependencies: { vite: '^8' },
    engines: { node: '22' },
  },
  'apps/shop/vite.config.ts': '',
  'packages/ui/package.json': { name: 'ui', scripts: { build: 'tsc' } },
};

test('rule 3.2: the plan of a directory is printed without a server, with its reasons (UPDATE_GOLDEN=1 writes it anew)', async (t) => {
  const directory = await repository(t, shop);
  const result = await plan(join(directory, 'apps/shop'));
  assert.deepEqual([result.code, result.stderr], [0, '']);
  await isGolden('plain', result.stdout);
});

test('rule 3.2: --explain adds the rules that were tried, and the Dockerfile', async (t) => {
  const directory = await repository(t, shop);
  const result = await plan(join(directory, 'apps/shop'), '--explain');
  assert.equal(result.code, 0);
  await isGolden('explain', result.stdout);
});

test('--json is the plan itself with the Dockerfile; the rules are there with --explain', async (t) => {
  const directory = await repository(t, shop);
  const report = JSON.parse((await plan(join(directory, 'apps/shop'), '--json')).stdout) as Record<string, unknown>;
  assert.deepEqual(
    [report['preset'], report['directory'], report['contextDirectory'], report['baseImages'], 'rules' in report],
    ['vite', 'apps/shop', '', ['node:22-slim'], false],
  );
  assert.match(String(report['dockerfile']), /^FROM scratch$/m);
  const explained = JSON.parse((await plan(join(directory, 'apps/shop'), '--json', '--explain')).stdout) as {
    rules: { preset: string; seen: string | null }[];
  };
  assert.deepEqual(explained.rules.at(-1)?.preset, 'vite');
  assert.ok(explained.rules.slice(0, -1).every(({ seen }) => seen === null));
});

test('the options of a project and what cutover.yaml says are in force, and cutover.yaml wins', async (t) => {
  const files = { 'package.json': {}, 'index.html': '', 'cutover.yaml': 'build: { startCommand: node b.js }\n' };
  const directory = await repository(t, files);
  const options = ['--preset', 'node', '--start-command', 'node a.js', '--build-env', 'A=1', '--json'];
  const report = JSON.parse((await plan(directory, ...options)).stdout) as Record<string, unknown>;
  assert.match(String(report['dockerfile']), /^CMD \["node","b\.js"\]$/m);
  assert.deepEqual(report['buildArgs'], { A: '1' });
});

test('what cannot be planned is an error that says what was looked for, with exit code 1', async (t) => {
  const nothing = await plan(await repository(t, { 'README.md': '' }));
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /app_not_detected: nothing that can be deployed was found; looked for: Dockerfile; /);
  const unstarted = await plan(await repository(t, { 'package.json': { scripts: { build: 'tsc' } } }), '--json');
  assert.equal(unstarted.code, 1);
  assert.equal((JSON.parse(unstarted.stderr) as { code: string }).code, 'start_command_missing');
  assert.equal(unstarted.stdout, '');
});

test('a directory that is not there, a wrong value and a broken cutover.yaml are errors of their own', async (t) => {
  const directory = await repository(t, {
    'index.html': '',
    'bad/index.html': '',
    'bad/cutover.yaml': 'replicas: x\n',
  });
  const missing = await plan(join(directory, 'nowhere'));
  assert.deepEqual([missing.code, /directory_not_found: /.test(missing.stderr)], [1, true]);
  const wrong = await plan(directory, '--dockerfile', '../x');
  assert.deepEqual([wrong.code, /invalid_input: build\.dockerfile /.test(wrong.stderr)], [2, true]);
  const broken = await plan(join(directory, 'bad'));
  assert.deepEqual([broken.code, /config_invalid: cutover\.yaml:1:11: /.test(broken.stderr)], [1, true]);
});
