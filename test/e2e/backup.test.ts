import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import type { BackupSummary, CreatedBackup, RestoredBackup } from '../../src/cli/backup-operations.ts';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { toEnvironment, type EnvironmentVariables } from '../../src/daemon/environment-variables.ts';
import { commitOf } from '../../src/domain/source.ts';
import { emptyPlatform, startOn } from '../harness/platform.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { containersOf } from './world.ts';

/** What is in a backup is enough to serve the same again, on real parts and by the real command line. */
let stage: Stage;
let home: string;
let archive: string;
let passphrase: string;
/** What there was to lose. */
let wanted: string[];
let log: string;
const docker = new Docker();
const hosts = ['site.localhost', 'shop.localhost'] as const;

before(async () => {
  home = await mkdtemp('/tmp/cutover-test-home-');
  archive = join(home, 'whole.backup');
  passphrase = join(home, 'passphrase');
  await writeFile(passphrase, 'correct horse battery staple\n');
  stage = await Stage.open();
  const site = await stage.project('site', { 'index.html': 'site one' });
  await stage.deploy('site');
  await site.commit({ 'index.html': '<h1>site two</h1>'.repeat(100) });
  await stage.deploy('site');
  const shop = await stage.project('shop', answering('shop one'), {
    replicas: 2,
    volumes: [{ name: 'data', path: '/data', access: 'shared', readOnly: false }],
  });
  const secret = { variables: [{ name: 'PASSWORD', value: 'only-the-app-knows', secret: true }] };
  await stage.must('PUT', '/api/projects/shop/variables', secret);
  await stage.deploy('shop');
  await shop.commit(answering('shop two'));
  await stage.deploy('shop');
  wanted = await bodies(stage);
  log = await stage.log('shop', 2, 'BuildImageJob');
});
after(async () => {
  await stage[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** The sources, whatever was built of them before. */
const program = fileURLToPath(new URL('../../src/daemon/cutover.ts', import.meta.url));

function start(args: readonly string[], variables: EnvironmentVariables) {
  return spawn(process.execPath, [program, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...toEnvironment(variables), HOME: home, CUTOVER_CONFIG_DIR: join(home, 'config') },
  });
}

async function cutover(args: readonly string[], variables: EnvironmentVariables) {
  const child = start(args, variables);
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

async function ok<T>(args: readonly string[], variables: EnvironmentVariables): Promise<T> {
  const { code, out, err } = await cutover(args, variables);
  assert.equal(code, 0, `cutover ${args.join(' ')}: ${code}\n${err}`);
  return JSON.parse(out) as T;
}

/** Of the problem document on stderr. */
async function refused(args: readonly string[], variables: EnvironmentVariables): Promise<string> {
  const { code, out, err } = await cutover(args, variables);
  assert.notEqual(code, 0, out);
  const problem = err.split('\n').find((line) => line.startsWith('{')) ?? assert.fail(err);
  return (JSON.parse(problem) as { code: string }).code;
}

const here = (): EnvironmentVariables => ({ dataDir: stage.platform.dataDir });
const restore = ['backup', 'restore', '-y'];

async function bodies(of: Pick<Stage, 'visit'>): Promise<string[]> {
  return Promise.all(hosts.map(async (host) => (await of.visit(host)).body));
}

/** Polls until both hosts answer 200, so that what they say can be compared. */
async function served(of: Pick<Stage, 'visit' | 'until'>): Promise<string[]> {
  return of.until('both hosts to be served', async () => {
    const answers = await Promise.all(hosts.map((host) => of.visit(host).catch(() => null)));
    return answers.every((answer) => answer?.status === 200) ? answers.map((answer) => answer?.body ?? '') : null;
  });
}

test('a backup is made while the platform serves, costs no request, and holds what it says', async () => {
  await using visitors = startVisitors(stage, 'shop.localhost', 20);
  const created = await ok<CreatedBackup>(
    ['backup', 'create', '--to', archive, '--with-artifacts', '--with-logs', '--passphrase-file', passphrase],
    here(),
  );
  const failed = (await visitors.stop()).filter(({ status }) => status !== 200);
  assert.deepEqual(failed, []);
  assert.equal((await stat(archive)).mode & 0o777, 0o600);
  assert.deepEqual(
    [created.platformId, created.encrypted, created.keysIncluded, created.artifacts, created.sizeBytes],
    [stage.platform.platformId, true, true, 4, (await stat(archive)).size],
  );
  assert.deepEqual(created.volumes, [{ project: 'shop', environment: 'production', name: 'data' }]);
  const { sizeBytes: _size, ...summary } = created;
  assert.deepEqual(
    await ok<BackupSummary>(['backup', 'verify', archive, '--passphrase-file', passphrase], {}),
    summary,
  );
  assert.equal(await refused(['backup', 'verify', archive], {}), 'backup_locked');
});

test('keys are never in a file that is not encrypted', async () => {
  const file = join(home, 'open.backup');
  assert.equal(await refused(['backup', 'create', '--to', file], here()), 'usage');
  const created = await ok<CreatedBackup>(['backup', 'create', '--to', file, '--without-keys'], here());
  assert.deepEqual([created.encrypted, created.keysIncluded, created.artifacts], [false, false, 0]);
});

test('where the platform of the backup still has its containers, a restore asks whose they are, and writes nothing', async () => {
  await using target = await emptyPlatform();
  const args = [...restore, archive, '--passphrase-file', passphrase];
  assert.equal(await refused(args, target.variables), 'restore_ambiguous');
  assert.deepEqual(await readdir(target.variables.dataDir), []);
});

test('a copy serves the same beside the original, and neither touches what is of the other', async () => {
  await using target = await emptyPlatform();
  const args = [...restore, archive, '--passphrase-file', passphrase, '--as-copy'];
  const restored = await ok<RestoredBackup>(args, target.variables);
  assert.notEqual(restored.newPlatformId, stage.platform.platformId);
  const containers = (await containersOf(stage.platform)).map(({ Id }) => Id).toSorted();
  try {
    await using copy = await startOn(target);
    const visitor = stage.before(copy);
    assert.deepEqual(await served(visitor), wanted);
    assert.equal((await containersOf({ ...copy, platformId: restored.newPlatformId })).length, 2);
    assert.deepEqual((await containersOf(stage.platform)).map(({ Id }) => Id).toSorted(), containers);
  } finally {
    await sweep(restored.newPlatformId);
  }
  assert.deepEqual((await containersOf(stage.platform)).map(({ Id }) => Id).toSorted(), containers);
});

test('a restore that was killed is told from a whole one: nothing starts there, and nothing is restored over it', async () => {
  await using target = await emptyPlatform();
  const { dataDir } = target.variables;
  const args = [...restore, archive, '--passphrase-file', passphrase, '--as-copy'];
  const child = start(args, target.variables);
  child.stdout.resume();
  child.stderr.resume();
  const exited = new Promise((resolve) => child.on('close', resolve));
  await stage.until('it to have begun', async () => (existsSync(join(dataDir, 'restore-incomplete')) ? true : null));
  child.kill('SIGKILL');
  await exited;
  assert.equal(await refused(['server', 'start'], target.variables), 'restore_incomplete');
  assert.equal(await refused(['backup', 'create', '--without-keys'], target.variables), 'restore_incomplete');
  assert.equal(await refused(args, target.variables), 'restore_not_empty');
});

test('a backup without artifacts says which environments have to be built again, and of which commit', async () => {
  const file = join(home, 'open.backup');
  await using target = await emptyPlatform();
  assert.equal(await refused([...restore, file, '--as-copy'], target.variables), 'usage');
  const keys = ['--keys', join(stage.platform.dataDir, 'keys')];
  const restored = await ok<RestoredBackup>([...restore, file, '--as-copy', ...keys], target.variables);
  const { deployment } = await stage.detail('site', 2);
  // The image is still on this machine; the bundle was in the data directory.
  const commit = commitOf(deployment.source)?.sha ?? null;
  assert.deepEqual(restored.missing, [{ project: 'site', environment: 'production', number: 2, commit }]);
  try {
    await using copy = await startOn(target);
    const visitor = stage.before(copy);
    assert.equal((await visitor.call('GET', '/api/projects')).status, 200, 'with the token that the restore made');
    const { number } = await visitor.must<WireDeployment>('POST', '/api/projects/site/trigger-pipeline', {
      environment: 'production',
      commit,
    });
    assert.equal((await visitor.settle('site', number)).deployment.state, 'completed');
    assert.deepEqual(await served(visitor), wanted);
  } finally {
    await sweep(restored.newPlatformId);
  }
});

test('where only the data directory is lost, its containers are taken over as they run', async () => {
  await stage.platform.stopControlPlane();
  const containers = (await containersOf(stage.platform)).map(({ Id }) => Id).toSorted();
  await using target = await emptyPlatform();
  const args = [...restore, archive, '--passphrase-file', passphrase, '--adopt'];
  const { newPlatformId } = await ok<RestoredBackup>(args, target.variables);
  assert.equal(newPlatformId, stage.platform.platformId);
  await using platform = await startOn(target);
  assert.deepEqual(await served(stage.before(platform)), wanted);
  assert.deepEqual((await containersOf(stage.platform)).map(({ Id }) => Id).toSorted(), containers);
});

test('after everything is lost, the restored platform serves the same, knows its tokens and secrets, and can be rolled back', async () => {
  const { token, platformId } = stage.platform;
  const images = await imagesOf(platformId);
  assert.equal(images.length, 2);
  await stage.platform[Symbol.asyncDispose]();
  assert.deepEqual([await imagesOf(platformId), existsSync(stage.platform.dataDir)], [[], false], 'nothing is left');

  await using target = await emptyPlatform();
  const restored = await ok<RestoredBackup>([...restore, archive, '--passphrase-file', passphrase], target.variables);
  assert.deepEqual([restored.newPlatformId, restored.missing, restored.migrated], [platformId, [], []]);
  assert.deepEqual(await imagesOf(platformId), images);
  await using platform = await startOn(target);
  const visitor = stage.before(platform);
  assert.deepEqual(await served(visitor), wanted);

  await visitor.until('both instances to have passed', async () => {
    const { instances } = await visitor.detail('shop', 2);
    const well = instances.filter(({ phase, crashedAt }) => phase === 'serving' && crashedAt === null);
    return well.length === 2 ? true : null;
  });
  assert.equal(platform.token, token);
  assert.equal((await visitor.call('GET', '/api/projects')).status, 200);
  const environment = JSON.parse((await visitor.visit('shop.localhost', '/env')).body) as Record<string, string>;
  assert.equal(environment['PASSWORD'], 'only-the-app-knows');
  assert.equal(await visitor.log('shop', 2, 'BuildImageJob'), log);
  assert.equal(
    (await visitor.visit('site.localhost', '/', { 'accept-encoding': 'gzip' })).headers['content-encoding'],
    'gzip',
  );

  for (const [project, body] of [
    ['shop', 'shop one'],
    ['site', 'site one'],
  ] as const) {
    const path = `/api/projects/${project}/environments/production/rollback`;
    const { number } = await visitor.must<WireDeployment>('POST', path, { to: 1 });
    assert.equal(number, 3, 'numbering goes on');
    assert.equal((await visitor.settle(project, number)).deployment.state, 'completed');
    assert.equal((await visitor.visit(`${project}.localhost`)).body, body);
  }
});

async function imagesOf(platformId: string): Promise<string[]> {
  const images = await docker.listImages({ filters: { label: [`cutover.platform=${platformId}`] } });
  return images.map(({ Id, RepoTags }) => `${Id} ${(RepoTags ?? []).join()}`).toSorted();
}

/** A copy's name is not known to the platform that it was started on. */
async function sweep(platformId: string): Promise<void> {
  const filters = { label: [`cutover.platform=${platformId}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true });
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
}
