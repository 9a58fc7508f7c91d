import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { WireDeployment, WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import { runMain, type CliResult } from '../cli/cli-run.ts';
import { tarOf } from '../unit/archive/archives.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';

const run = promisify(execFile);
const example = fileURLToPath(new URL('../../examples/hello-node', import.meta.url));

let stage: Stage;
let directory: string;

before(async () => {
  stage = await Stage.open({ variables: { uploadMb: '8' } });
  directory = await mkdtemp('/tmp/cutover-test-directory-');
  for (const name of ['hello', 'docker', 'site', 'crash']) {
    await stage.must('POST', '/api/projects', { name, repository: null });
    await stage.settings(name, { observationMs: 0, stopGraceMs: 200 });
  }
});
after(async () => {
  await stage[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function cutover(...args: readonly string[]): Promise<CliResult> {
  const { apiUrl, token } = stage.platform;
  return runMain(args, {
    env: { CUTOVER_URL: apiUrl, CUTOVER_TOKEN: token, CUTOVER_CONFIG_DIR: join(directory, 'config') },
  });
}

async function deployed(project: string, from: string): Promise<WireDeployment> {
  const { code, stdout, stderr } = await cutover('deploy', project, '--from', from, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as WireDeployment;
}

async function filled(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(directory, name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

async function send(project: string, content: Uint8Array, query = ''): Promise<WireDeployment> {
  const at = `${stage.platform.apiUrl}/api/projects/${project}/deploy/directory?environment=production${query}`;
  const headers = { authorization: `Bearer ${stage.platform.token}` };
  const response = await fetch(at, { method: 'POST', headers, body: content });
  const body = (await response.json()) as WireDeployment;
  assert.equal(response.status, 202, JSON.stringify(body));
  return body;
}

const spooled = () => readdir(join(stage.platform.dataDir, 'uploads'));
const workTrees = () => readdir(join(stage.platform.dataDir, 'source', 'checkouts'));
const failureOf = ({ deployment }: WireDeploymentDetail) => deployment.failure?.code ?? deployment.state;
const jobsOf = ({ jobs }: WireDeploymentDetail) => jobs.map(({ type, status }) => [type, status]);

async function nothingLeft(): Promise<void> {
  await stage.until('uploads and work trees to be gone', async () => {
    return (await spooled()).length + (await workTrees()).length === 0 ? true : null;
  });
}

test('issue 6.4: a directory is built and served; unchanged it is not built again; changed, the change serves', async () => {
  const app = join(directory, 'hello');
  await cp(example, app, { recursive: true });
  const first = await deployed('hello', app);
  assert.deepEqual(jobsOf(await stage.detail('hello', first.number)), [
    ['DownloadRepoJob', 'success'],
    ['BuildImageJob', 'success'],
    ['DeployImageJob', 'success'],
    ['MarkDeploymentCompleteJob', 'success'],
  ]);
  assert.equal(JSON.parse((await stage.visit('hello.localhost')).body).version, '1.0.0');

  const again = await deployed('hello', app);
  assert.match(await stage.log('hello', again.number, 'BuildImageJob'), /nothing changed since this was last built/);
  assert.deepEqual(again.artifact, first.artifact);

  await run('sed', ['-i', 's/"1.0.0"/"2.0.0"/', join(app, 'package.json')]);
  const changed = await deployed('hello', app);
  assert.notDeepEqual(changed.artifact, first.artifact);
  assert.equal(JSON.parse((await stage.visit('hello.localhost')).body).version, '2.0.0');

  const { stdout } = await cutover('deployments', 'status', String(changed.number), '-p', 'hello');
  assert.match(stdout, /directory +hello \(\d+\.\d kB sent\)\n/);
  assert.match(stdout, /tree +[0-9a-f]{64}\n/);

  const back = await stage.must<WireDeployment>('POST', '/api/projects/hello/environments/production/rollback', {});
  const { deployment } = await stage.settle('hello', back.number);
  assert.deepEqual([deployment.state, deployment.artifact], ['completed', first.artifact]);
  assert.equal(JSON.parse((await stage.visit('hello.localhost')).body).version, '1.0.0');
  await nothingLeft();
});

test('issue 6.4: a Dockerfile in a directory of a work tree is built with what Git does not ignore; the commit is shown', async () => {
  const root = await filled('mono', {
    '.gitignore': '.env\n',
    'web/.env': 'SECRET=1',
    ...prefixed(answering('from a directory')),
  });
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    [...identity, 'commit', '-q', '-m', 'first'],
  ])
    await run('git', ['-C', root, ...args]);
  await writeFile(join(root, 'web', 'new.txt'), 'x');
  const { stdout: sha } = await run('git', ['-C', root, 'rev-parse', 'HEAD']);
  const deployment = await deployed('docker', join(root, 'web'));
  assert.equal((await stage.visit('docker.localhost')).body, 'from a directory');
  const { source } = deployment;
  assert.ok(source.kind === 'directory');
  assert.deepEqual([source.commit, source.upload.filename], [{ sha: sha.trim(), dirty: true }, 'web']);
  await nothingLeft();
});

function prefixed(files: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [`web/${path}`, content ?? '']));
}

test('issue 6.4: a directory of files is served as files; a link that leads out of it is never followed', async () => {
  const site = await filled('site', { 'index.html': 'first' });
  await deployed('site', site);
  assert.equal((await stage.visit('site.localhost')).body, 'first');
  await symlink('/etc/hostname', join(site, 'stolen.txt'));
  const { code, stderr } = await cutover('deploy', 'site', '--from', site);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /stolen\.txt/);
  assert.equal((await stage.visit('site.localhost')).body, 'first');
  assert.notEqual((await stage.visit('site.localhost', '/stolen.txt')).status, 200);
  await nothingLeft();
});

test('rule 10: what would be written elsewhere is refused before anything is written, and what served still serves', async () => {
  for (const name of ['../../escaped', '/tmp/cutover-test-escaped']) {
    const hostile = await tarOf([
      { name: 'index.html', type: 'file', content: 'x' },
      { name, type: 'file', content: 'x' },
    ]);
    assert.equal(failureOf(await stage.settle('site', (await send('site', hostile)).number)), 'archive_refused');
  }
  const through = await tarOf([
    { name: 'out', type: 'symlink', target: '/tmp' },
    { name: 'out/cutover-test-escaped', type: 'file', content: 'x' },
  ]);
  assert.equal(failureOf(await stage.settle('site', (await send('site', through)).number)), 'archive_refused');
  assert.ok(!(await readdir('/tmp')).includes('cutover-test-escaped'));
  assert.equal((await stage.visit('site.localhost')).body, 'first');
  await nothingLeft();
});

/** Small when it is sent, and so large that it takes a while to be read and unpacked; no part of the image. */
async function bulky(text: string): Promise<Uint8Array> {
  const files = { ...answering(text), '.dockerignore': 'bulk\n', bulk: '' };
  const entries = Object.entries(files).map(([name, content]) => {
    return { name, type: 'file', content: name === 'bulk' ? Buffer.alloc(120 * 1024 ** 2) : (content ?? '') } as const;
  });
  return gzipSync(await tarOf(entries), { level: 1 });
}

test('rule 5.9: a control plane that is killed while a directory is unpacked goes on with it when it is back', async () => {
  const text = 'killed while it was unpacked';
  const { number } = await send('crash', await bulky(text));
  await stage.until('it to be unpacked', async () => ((await workTrees()).length > 0 ? true : null));
  await stage.platform.killControlPlane();
  await stage.platform.startControlPlane();
  const { deployment } = await stage.settle('crash', number);
  assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  assert.equal((await stage.visit('crash.localhost')).body, text);
  await nothingLeft();
});

test('rule 2.2: what is cancelled while it is unpacked is cancelled within 2 s, and nothing of it is left', async () => {
  const { number } = await send('crash', await bulky('cancelled'), '&noCache=true');
  await stage.until('it to be unpacked', async () => ((await workTrees()).length > 0 ? true : null));
  const began = performance.now();
  await stage.must('POST', `/api/projects/crash/deployments/${number}/cancel`);
  const { deployment } = await stage.settle('crash', number);
  assert.equal(deployment.state, 'cancelled');
  assert.ok(performance.now() - began < 2_000);
  assert.deepEqual([await spooled(), await workTrees()], [[], []]);
});

test('rule 5.9: of a directory whose upload is cut off by a kill nothing is left, and sending it again deploys it', async () => {
  const never = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(100_000, 'x');
    await never.promise;
  }
  const at = `${stage.platform.apiUrl}/api/projects/crash/deploy/directory?environment=production`;
  const headers = { authorization: `Bearer ${stage.platform.token}` };
  const request = { method: 'POST', headers, body: endless(), duplex: 'half' } as const;
  const cut = assert.rejects(fetch(at, request));
  await stage.until('the upload to begin', async () => ((await spooled()).length > 0 ? true : null));
  await stage.platform.killControlPlane();
  never.resolve();
  await cut;
  // As if it were long ago: what is younger may still be coming in.
  for (const name of await spooled()) await utimes(join(stage.platform.dataDir, 'uploads', name), 1, 1);
  await stage.platform.startControlPlane();
  const { number } = await send('crash', await tarOf(entriesOf(answering('sent again'))));
  const { deployment } = await stage.settle('crash', number);
  assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  assert.equal((await stage.visit('crash.localhost')).body, 'sent again');
  await nothingLeft();
});

function entriesOf(files: Readonly<Record<string, string | null>>) {
  return Object.entries(files).map(([name, content]) => ({ name, type: 'file', content: content ?? '' }) as const);
}

// Last, because whoever is refused in the middle of a body cannot use its connection again.
test('issue 6.4: a directory that is too large is refused with what to do, and nothing of it is kept', async () => {
  const large = join(directory, 'large');
  await mkdir(large, { recursive: true });
  await writeFile(join(large, 'a.bin'), randomBytes(12 * 1024 ** 2));
  const { code, stderr } = await cutover('deploy', 'site', '--from', large);
  assert.notEqual(code, 0);
  assert.match(stderr, /error: upload_too_large: more than 8 MiB were sent\n {2}next: /);
  await nothingLeft();
});
