import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import type { DirectorySource } from '../../src/domain/source.ts';
import { CliUnderTest } from './cli-run.ts';

const run = promisify(execFile);

/** The app's directory, with these files. */
async function appOf(cli: CliUnderTest, files: Readonly<Record<string, string>>, name = 'app'): Promise<string> {
  const root = join(cli.directory, name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

async function git(dir: string, ...args: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'protocol.file.allow=always'];
  return (await run('git', ['-C', dir, ...identity, ...args])).stdout.trim();
}

async function repositoryOf(cli: CliUnderTest, files: Readonly<Record<string, string>>, name = 'app') {
  const root = await appOf(cli, files, name);
  await git(root, 'init', '-q', '-b', 'main');
  await git(root, 'add', '-A');
  await git(root, 'commit', '-q', '-m', 'first');
  return { root, sha: await git(root, 'rev-parse', 'HEAD') };
}

/** Deploys it and resolves to what arrived: the source, and name → header and content. */
async function sent(cli: CliUnderTest, from: string, ...options: readonly string[]) {
  const result = await cli.run(['deploy', 'my-app', '--no-wait', '--from', from, ...options]);
  assert.equal(result.code, 0, result.stderr);
  const { deployments } = cli.api.platform.projects.get('my-app') ?? assert.fail('no project');
  const { source } = deployments.at(-1)?.deployment ?? assert.fail('no deployment');
  assert.ok(source.kind === 'directory');
  return { source, stderr: result.stderr, entries: await entriesOf(cli, source) };
}

async function entriesOf(cli: CliUnderTest, { upload }: DirectorySource) {
  const entries = new Map<string, string>();
  const reader = extract();
  reader.end(gunzipSync(cli.api.platform.uploads.get(upload.id) ?? assert.fail('nothing arrived')));
  for await (const entry of reader) {
    const { name, mode, type, linkname, uid, gid, uname, mtime } = entry.header;
    assert.deepEqual([uid, gid, uname, mtime?.getTime()], [0, 0, '', 0]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
    entries.set(
      name,
      type === 'symlink' ? `-> ${linkname}` : `${mode.toString(8)} ${Buffer.concat(chunks).toString()}`,
    );
  }
  return entries;
}

test('issue 6.4: of a work tree of Git is sent what it tracks and would track; its commit, and whether it was changed, is said', async () => {
  await using cli = await CliUnderTest.start();
  const { root, sha } = await repositoryOf(cli, { '.gitignore': '.env\nbuild/\n', 'a.txt': '1', 'gone.txt': 'x' });
  const clean = await sent(cli, root);
  assert.deepEqual(clean.source.commit, { sha, dirty: false });
  assert.equal(clean.source.upload.filename, 'app');
  assert.match(clean.stderr, new RegExp(`^sending app: 3 files, 0.0 kB; at ${sha.slice(0, 12)}$`, 'm'));

  await appOf(cli, {
    '.env': 'SECRET=1',
    'build/out.js': 'x',
    'new.txt': '2',
    'run.sh': '#!',
    'node_modules/a.js': '3',
  });
  await chmod(join(root, 'run.sh'), 0o700);
  await rm(join(root, 'gone.txt'));
  const dirty = await sent(cli, root);
  assert.deepEqual(dirty.source.commit, { sha, dirty: true });
  assert.deepEqual(Object.fromEntries(dirty.entries), {
    '.gitignore': '644 .env\nbuild/\n',
    'a.txt': '644 1',
    'new.txt': '644 2',
    'node_modules/a.js': '644 3',
    'run.sh': '755 #!',
  });
  assert.match(dirty.stderr, / with changes$/m);
  assert.match(
    dirty.stderr,
    new RegExp(`#2 of my-app to production \\(app [0-9a-f]{12}, at ${sha.slice(0, 12)} with changes\\)`),
  );
});

test('issue 6.4: a directory in a work tree is sent alone, and a repository in it with what that one tracks', async () => {
  await using cli = await CliUnderTest.start();
  await repositoryOf(cli, { 'x.txt': 'inside', '.gitignore': 'ignored\n' }, 'library');
  const { root } = await repositoryOf(cli, {
    '.gitignore': '*.log\n',
    'web/a.txt': '1',
    'web/b.log': 'x',
    'api/c.txt': '2',
  });
  await git(root, 'submodule', 'add', '-q', join(cli.directory, 'library'), 'web/library');
  await writeFile(join(root, 'web/library/ignored'), 'x');
  // The rules of the repository around it are not its own.
  await writeFile(join(root, 'web/library/kept.log'), 'x');
  const { entries, source } = await sent(cli, join(root, 'web'));
  assert.deepEqual([...entries.keys()], ['a.txt', 'library/.gitignore', 'library/kept.log', 'library/x.txt']);
  assert.equal(source.upload.filename, 'web');
});

test('issue 6.4: a link to a repository is sent as a link, and nothing of what it leads to', async () => {
  await using cli = await CliUnderTest.start();
  const { root: other } = await repositoryOf(cli, { 'secret.txt': 'of somebody else' }, 'other');
  const { root } = await repositoryOf(cli, { 'a.txt': '1' });
  await symlink(other, join(root, 'library'));
  await symlink('.', join(root, 'self'));
  const { entries } = await sent(cli, root);
  assert.deepEqual(Object.fromEntries(entries), { 'a.txt': '644 1', library: `-> ${other}`, self: '-> .' });
});

test('issue 6.4: of any other directory everything is sent but .git, node_modules and what .cutoverignore names', async () => {
  await using cli = await CliUnderTest.start();
  const root = await appOf(cli, {
    '.cutoverignore': '# ours\n*.log\ntmp\n!tmp/keep.txt\n',
    'a.txt': '1',
    'a.log': 'x',
    'tmp/a.txt': 'x',
    'tmp/keep.txt': '2',
    'node_modules/x/index.js': 'x',
    'packages/b/node_modules/y.js': 'x',
    'packages/b/index.js': '3',
  });
  const { entries, source } = await sent(cli, root);
  assert.deepEqual([...entries.keys()], ['.cutoverignore', 'a.txt', 'packages/b/index.js', 'tmp/keep.txt']);
  assert.equal(source.commit, null);
});

test('issue 6.4: the same files are the same bytes, whenever they were written, and links are sent as links', async () => {
  await using cli = await CliUnderTest.start();
  const root = await appOf(cli, { 'b.txt': '2', 'a.txt': '1', 'new\nline -x "q".txt': 'ö' });
  await symlink('/etc/hostname', join(root, 'outside'));
  await symlink('a.txt', join(root, 'inside'));
  const first = await sent(cli, root);
  await utimes(join(root, 'a.txt'), 1, 1);
  await chmod(join(root, 'a.txt'), 0o600);
  const second = await sent(cli, root);
  assert.equal(first.source.upload.sha256, second.source.upload.sha256);
  assert.deepEqual(Object.fromEntries(first.entries), {
    'a.txt': '644 1',
    'b.txt': '644 2',
    inside: '-> a.txt',
    'new\nline -x "q".txt': '644 ö',
    outside: '-> /etc/hostname',
  });
});

test('issue 6.4: names of a work tree with line breaks, quotes and dashes arrive as they are', async () => {
  await using cli = await CliUnderTest.start();
  const files = { '--upload-pack=x': '1', 'a\nb': '2', '"q"\\': '3', 'ö/ä': '4' };
  const { root } = await repositoryOf(cli, files);
  assert.deepEqual([...(await sent(cli, root)).entries.keys()], Object.keys(files).toSorted());
});

test('issue 6.4: --no-cache is said; a branch, a commit or another way in does not go with it', async () => {
  await using cli = await CliUnderTest.start();
  const root = await appOf(cli, { 'a.txt': '1' });
  await sent(cli, root, '--no-cache');
  assert.equal(cli.api.held(1).deployment.trigger.noCache, true);
  for (const extra of [['--branch', 'x'], ['--commit', 'a'.repeat(40)], ['--image', 'a'], ['--spa'], ['--static', '.']])
    assert.equal((await cli.run(['deploy', 'my-app', '--from', root, ...extra])).code, 2, extra.join(' '));
  assert.equal(cli.api.platform.uploads.size, 1);
});

test('issue 6.4: what cannot be sent says why, and nothing is deployed', async () => {
  await using cli = await CliUnderTest.start();
  const root = await appOf(cli, { '.gitignore': '*\n', 'a.txt': '1' });
  const refused = async (from: string, why: RegExp, env: Record<string, string> = {}) => {
    const { code, stderr } = await cli.run(['deploy', 'my-app', '--from', from], { env });
    assert.equal(code, 2, stderr);
    assert.match(stderr, why);
  };
  await refused(join(root, 'a.txt'), /is no directory/);
  await refused(join(root, 'none'), /is no directory/);
  await writeFile(join(root, '.cutoverignore'), 'c++\n[a\n');
  await refused(root, /\.cutoverignore, line 2: "\[a" is no pattern: /);
  await rm(join(root, '.cutoverignore'));
  await git(root, 'init', '-q');
  await refused(root, /nothing to send in .*Git ignores everything/);
  await refused(root, /git cannot read the work tree/, { PATH: '/nothing' });
  const other = await appOf(cli, {}, 'other');
  await mkdir(other, { recursive: true });
  await writeFile(Buffer.concat([Buffer.from(`${other}/`), Buffer.from([0x61, 0xff])]), 'x');
  await refused(other, /not UTF-8/);
  assert.equal(cli.api.platform.projects.get('my-app')?.deployments.length, 0);
});

test('issue 6.4: a file that becomes shorter while it is sent ends the upload with its name', async () => {
  await using cli = await CliUnderTest.start();
  const root = await appOf(cli, { 'a.bin': 'x'.repeat(200_000), 'b.bin': 'x'.repeat(200_000) });
  const shortening: typeof fetch = async (input, init) => {
    if (init?.body instanceof Object) await truncate(join(root, 'b.bin'), 10);
    return fetch(input, init);
  };
  const { code, stderr } = await cli.run(['deploy', 'my-app', '--from', root], { fetch: shortening });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /"b\.bin" was changed while it was sent/);
  assert.equal(cli.api.platform.projects.get('my-app')?.deployments.length, 0);
});

test('issue 6.4: on a terminal one line says how much was sent', async () => {
  await using cli = await CliUnderTest.start();
  const root = await appOf(cli, { 'a.bin': 'x'.repeat(300_000) });
  const result = await cli.run(['deploy', 'my-app', '-y', '--no-wait', '--from', root], { answer: 'unused' });
  assert.equal(result.code, 0, result.stderr);
  assert.ok(result.stderr.includes('\r\u001B[2K  sent 65.5 kB of 300.0 kB'), JSON.stringify(result.stderr));
  const piped = await cli.run(['deploy', 'my-app', '-y', '--no-wait', '--from', root]);
  assert.ok(!piped.stderr.includes('\u001B'));
});
