import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { appConfigJsonSchema } from '../../src/contract/schemas/app-config.ts';
import { createLocalOperations } from '../../src/daemon/local-operations.ts';
import { runMain } from './cli-run.ts';

async function app(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp('/tmp/cutover-test-config-');
  t.after(() => rm(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

/** Offline: there is no server, no login, and a request would fail the test. */
function validate(directory: string, ...options: readonly string[]) {
  return runMain(['config', 'validate', directory, ...options], {
    local: createLocalOperations(),
    fetch: () => assert.fail('a request was sent'),
  });
}

test('rule 4.3: validate works without a server and shows the processes', async (t) => {
  const directory = await app(t, {
    'cutover.yaml': 'processes:\n  worker: { replicas: 2 }\n  list: [node, "l 1.js"]\nrelease: ./migrate\n',
    Procfile: 'worker: node w.js && x\nweb: npm start\n',
  });
  const result = await validate(directory);
  assert.deepEqual(result, {
    code: 0,
    stdout: `cutover.yaml and Procfile are fine
PROCESS  KIND     COMMAND
worker   worker   node w.js && x
list     worker   ["node","l 1.js"]
release  release  exec ./migrate
web      web      exec npm start
`,
    stderr: '',
    questions: [],
  });
});

test('rule 4.3: validate names everything that is wrong, with its place, and exits with 1', async (t) => {
  const directory = await app(t, { 'cutover.yaml': 'strategy: yolo\nhealth: { pth: / }\n', Procfile: 'web\n' });
  const result = await validate(directory);
  assert.equal(result.code, 1);
  assert.equal(
    result.stdout,
    `cutover.yaml:1:11: strategy must be one of rolling, blue-green, canary, recreate, auto
cutover.yaml:2:11: unknown key "pth" in health (did you mean "path"?)
Procfile:1:1: a line is \`name: command\`
`,
  );
  const json = await validate(directory, '--json');
  assert.equal(json.code, 1);
  const report = JSON.parse(json.stdout) as { files: string[]; config: null; problems: unknown[] };
  assert.deepEqual([report.files, report.config, report.problems.length], [['cutover.yaml', 'Procfile'], null, 3]);
  assert.deepEqual(report.problems[2], {
    file: 'Procfile',
    line: 1,
    column: 1,
    message: 'a line is `name: command`',
  });
});

test('rule 4.3: with --json the configuration is in the units of the settings', async (t) => {
  const directory = await app(t, { 'cutover.yaml': 'drainTimeout: 1m\n' });
  const { config } = JSON.parse((await validate(directory, '--json')).stdout) as { config: { settings: unknown } };
  assert.deepEqual(config.settings, { drainTimeoutMs: 60_000 });
});

test('a directory without the files, and one that is not there, are errors of their own', async (t) => {
  const directory = await app(t, {});
  const nothing = await validate(directory);
  assert.equal(nothing.code, 5);
  assert.match(nothing.stderr, /not_found: there is neither cutover\.yaml nor Procfile in /);
  const missing = await validate(join(directory, 'nowhere'));
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /directory_not_found: there is no directory /);
});

test('schema prints the JSON Schema, with and without --json', async () => {
  const plain = await runMain(['config', 'schema'], {});
  assert.equal(plain.code, 0);
  assert.deepEqual(JSON.parse(plain.stdout), JSON.parse(JSON.stringify(appConfigJsonSchema())));
  assert.equal((await runMain(['config', 'schema', '--json'], {})).stdout, plain.stdout);
});
