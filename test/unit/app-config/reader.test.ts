import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkAppConfigDocument } from '../../../src/contract/app-config-document.ts';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import { AppConfigFiles } from '../../../src/drivers/app-config/app-config-files.ts';

const reader = new AppConfigFiles({ check: checkAppConfigDocument });
const { signal } = new AbortController();

/** A work tree with these files; beside it a file that is none of its business. */
async function checkout(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const place = await mkdtemp('/tmp/cutover-test-app-config-');
  t.after(() => rm(place, { recursive: true }));
  await writeFile(join(place, 'outside.yaml'), 'replicas: 7\n');
  const root = join(place, 'checkout');
  await mkdir(root);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  return root;
}

/** A comment of that many bytes. */
const fill = (bytes: number) => `# ${'x'.repeat(bytes - 3)}\n`;

const refused = (message: string) => ({ name: 'CutoverError', code: 'config_invalid', message });

test('rule 4.3: a repository with neither file says nothing', async (t) => {
  const root = await checkout(t, { 'README.md': '' });
  assert.deepEqual(await reader.read(root, '', signal), { config: emptyAppConfig, files: [] });
});

test('rule 4.3: cutover.yaml and Procfile of the app directory are read together', async (t) => {
  const root = await checkout(t, {
    'cutover.yaml': 'replicas: 9',
    'apps/web/cutover.yaml': 'replicas: 2\nprocesses: { worker: { replicas: 3 } }\n',
    'apps/web/Procfile': 'worker: a\nweb: b\n',
  });
  const { config, files } = await reader.read(root, 'apps/web', signal);
  assert.deepEqual(files, ['cutover.yaml', 'Procfile']);
  assert.deepEqual(config, {
    ...emptyAppConfig,
    settings: { replicas: 2 },
    processes: [
      { name: 'worker', command: ['/bin/sh', '-c', 'exec a'], replicas: 3 },
      { name: 'web', command: ['/bin/sh', '-c', 'exec b'] },
    ],
  });
});

test('rule 4.3: everything that is wrong in both files is one error', async (t) => {
  const root = await checkout(t, { 'cutover.yaml': 'replicas: 0\nport: x\n', Procfile: 'web\n' });
  await assert.rejects(
    reader.read(root, '', signal),
    refused(
      'cutover.yaml:1:11: replicas must be a whole number from 1 to 32; ' +
        'cutover.yaml:2:7: port must be a port from 1 to 65535, or auto; Procfile:1:1: a line is `name: command`',
    ),
  );
});

test('an error names ten problems and counts the rest', async (t) => {
  const keys = Array.from({ length: 12 }, (_, index) => `zebra${index}: 1`).join('\n');
  const root = await checkout(t, { 'cutover.yaml': keys });
  await assert.rejects(reader.read(root, '', signal), /unknown key "zebra9"; and 2 more$/);
});

test('rule 10: a link out of the checkout is not followed, one inside is', async (t) => {
  const root = await checkout(t, { 'shared/cutover.yaml': 'replicas: 2\n', 'a/x': '', 'b/x': '', 'c/x': '' });
  await symlink('../shared/cutover.yaml', join(root, 'a/cutover.yaml'));
  assert.deepEqual((await reader.read(root, 'a', signal)).config.settings, { replicas: 2 });
  await symlink('../../outside.yaml', join(root, 'b/cutover.yaml'));
  const out = 'cutover.yaml: is a symbolic link that leads out of the repository';
  await assert.rejects(reader.read(root, 'b', signal), refused(out));
  await symlink('cutover.yaml', join(root, 'c/cutover.yaml'));
  await assert.rejects(reader.read(root, 'c', signal), refused('cutover.yaml: is a symbolic link that leads nowhere'));
  await symlink('../..', join(root, 'd'));
  await assert.rejects(reader.read(root, 'd', signal), { code: 'directory_not_found' });
  await assert.rejects(reader.read(root, '..', signal), { code: 'directory_not_found' });
  await assert.rejects(reader.read(root, 'nowhere', signal), { code: 'directory_not_found' });
});

test('rule 10: what is too large, no text, no file or misnamed is refused', async (t) => {
  const root = await checkout(t, {
    'fits/cutover.yaml': fill(65_536),
    'large/cutover.yaml': fill(65_537),
    'latin1/Procfile': Buffer.from('web: \xe9', 'latin1'),
    'directory/cutover.yaml/x': '',
    'misnamed/cutover.yml': '',
    'pipe/x': '',
  });
  execFileSync('/usr/bin/mkfifo', [join(root, 'pipe/cutover.yaml')]);
  assert.deepEqual((await reader.read(root, 'fits', signal)).config, emptyAppConfig);
  const messages = {
    large: 'cutover.yaml: is larger than 64 KB',
    latin1: 'Procfile: is not UTF-8',
    directory: 'cutover.yaml: is not a file',
    misnamed: 'cutover.yml: is not read: the file must be called cutover.yaml',
    pipe: 'cutover.yaml: is not a file',
  };
  for (const [directory, message] of Object.entries(messages)) {
    await assert.rejects(reader.read(root, directory, signal), refused(message), directory);
  }
});

test('rule 10: texts made to be slow are answered, not worked at for minutes', async (t) => {
  const texts = [
    Array.from({ length: 12_000 }, (_, index) => `a${index}:`).join('\n'),
    'a:\n'.repeat(21_000),
    '[ '.repeat(32_000),
    '- '.repeat(32_000),
    `- &a x\n${'- *a\n'.repeat(12_000)}`,
    '&a '.repeat(21_000),
    '\t'.repeat(65_000),
    '{,'.repeat(32_000),
    '"\\'.repeat(32_000),
    'processes: [{'.repeat(5_000),
  ];
  const root = await checkout(t, Object.fromEntries(texts.map((text, index) => [`${index}/cutover.yaml`, text])));
  for (const index of texts.keys()) {
    const start = performance.now();
    await reader.read(root, `${index}`, signal).catch((error: unknown) => {
      assert.equal(error instanceof Error && 'code' in error ? error.code : error, 'config_invalid');
    });
    assert.ok(performance.now() - start < 30_000, `text ${index} took ${performance.now() - start} ms`);
  }
});

test('the directory of whoever works on the app is read as a deployment would: links may use the whole repository', async (t) => {
  const root = await checkout(t, { '.git/HEAD': '', 'shared/cutover.yaml': 'replicas: 2\n', 'app/x': '' });
  await symlink('../shared/cutover.yaml', join(root, 'app/cutover.yaml'));
  const { config, files, problems } = await reader.examine(join(root, 'app'), signal);
  assert.deepEqual([config?.settings, files, problems], [{ replicas: 2 }, ['cutover.yaml'], []]);
  await rm(join(root, '.git'), { recursive: true });
  assert.deepEqual((await reader.examine(join(root, 'app'), signal)).problems, [
    {
      file: 'cutover.yaml',
      line: null,
      column: null,
      message: 'is a symbolic link that leads out of the repository',
    },
  ]);
});

test('a file of something else entirely is not answered with a line for each of its lines', async (t) => {
  const root = await checkout(t, { Procfile: 'x\n'.repeat(1_000) });
  const { problems } = await reader.examine(root, signal);
  assert.equal(problems.length, 101);
  assert.equal(problems.at(-1)?.message, 'has 900 more problems');
});
