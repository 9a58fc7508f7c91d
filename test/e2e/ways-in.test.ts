import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import Docker from 'dockerode';
import type { WireDeployment, WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import { receivedImages } from '../../src/domain/image-names.ts';
import { answeringImage, registryUser, startRegistry, type TestRegistry } from '../harness/docker-registry.ts';
import { dockerSocket } from '../harness/images.ts';
import { tarOf } from '../unit/archive/archives.ts';
import { Stage } from './stage.ts';

const run = promisify(execFile);
const docker = new Docker({ socketPath: dockerSocket });

let stage: Stage;
let open: TestRegistry;
let closed: TestRegistry;
let directory: string;
const images = new AsyncDisposableStack();

before(async () => {
  stage = await Stage.open();
  [open, closed] = await Promise.all([startRegistry(), startRegistry({ asks: true })]);
  directory = await mkdtemp('/tmp/cutover-test-ways-in-');
  for (const name of ['pulled', 'private', 'sent', 'site']) {
    await stage.must('POST', '/api/projects', { name, repository: null });
    // Its server does not listen to SIGTERM.
    await stage.settings(name, { observationMs: 0, stopGraceMs: 200 });
  }
});
after(async () => {
  await stage[Symbol.asyncDispose]();
  await images.disposeAsync();
  await Promise.all([open[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()]);
  await rm(directory, { recursive: true, force: true });
});

async function image(text: string): Promise<string> {
  return images.use(await answeringImage(text)).imageId;
}

/** Of an image that is at the registry, and not here any more. */
async function pushed(text: string, registry: TestRegistry, name: string) {
  const made = images.use(await answeringImage(text));
  const digest = await registry.push(made.imageId, name);
  await made.remove();
  return { imageId: made.imageId, digest };
}

async function deployImage(project: string, reference: string): Promise<WireDeploymentDetail> {
  const body = { environment: 'production', image: reference };
  const { number } = await stage.must<WireDeployment>('POST', `/api/projects/${project}/deploy/image`, body);
  return stage.settle(project, number);
}

interface Sent {
  readonly status: number;
  readonly body: WireDeployment;
}

async function send(path: string, content: Uint8Array, key?: string): Promise<Sent> {
  const response = await fetch(`${stage.platform.apiUrl}/api/projects/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stage.platform.token}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: content,
  });
  return { status: response.status, body: (await response.json()) as WireDeployment };
}

const failureOf = ({ deployment }: WireDeploymentDetail) => deployment.failure?.code ?? deployment.state;
const spooled = () => readdir(join(stage.platform.dataDir, 'uploads'));

async function ownNames(): Promise<readonly string[]> {
  const prefix = receivedImages(stage.platform.platformId);
  const listed = await docker.listImages({ filters: { reference: [`${prefix}*`] } });
  return listed.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(prefix));
}

test('2.3 an image of a registry is pulled and served; what its tag names later is another deployment', async () => {
  const { imageId: first, digest } = await pushed('one', open, 'team/app:1');
  const one = await deployImage('pulled', `${open.host}/team/app:1`);
  assert.equal(failureOf(one), 'completed', JSON.stringify(one.deployment.failure));
  assert.deepEqual(
    one.jobs.map(({ type, status }) => [type, status]),
    [
      ['PullExternalImageJob', 'success'],
      ['DeployImageJob', 'success'],
      ['MarkDeploymentCompleteJob', 'success'],
    ],
  );
  const { source, artifact } = one.deployment;
  assert.deepEqual(source, { kind: 'image', reference: `${open.host}/team/app:1`, digest });
  assert.equal(artifact?.type === 'image' ? artifact.imageId : null, first);
  assert.equal((await stage.visit('pulled.localhost')).body, 'one');

  await pushed('two', open, 'team/app:1');
  const two = await deployImage('pulled', `${open.host}/team/app:1`);
  assert.equal(failureOf(two), 'completed');
  assert.equal((await stage.visit('pulled.localhost')).body, 'two');
  assert.match(await stage.log('pulled', two.deployment.number, 'PullExternalImageJob'), /: Pull complete$/m);

  const back = await stage.must<WireDeployment>('POST', '/api/projects/pulled/environments/production/rollback', {});
  const { deployment } = await stage.settle('pulled', back.number);
  assert.deepEqual([deployment.state, deployment.source], ['completed', source]);
  assert.equal((await stage.visit('pulled.localhost')).body, 'one');
});

test('2.3 a private registry needs the credentials of the project, which no log, answer or error shows', async () => {
  await pushed('private', closed, 'team/app:1');
  const reference = `${closed.host}/team/app:1`;
  assert.equal(failureOf(await deployImage('private', reference)), 'registry_needs_credentials');
  const at = `/api/projects/private/registries/${encodeURIComponent(closed.host)}`;
  await stage.must('PUT', at, { ...registryUser, password: 'wrong-password' });
  const refused = await deployImage('private', reference);
  assert.equal(failureOf(refused), 'registry_credentials_refused');
  await stage.must('PUT', at, registryUser);
  const { deployment } = await deployImage('private', reference);
  assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  assert.equal((await stage.visit('private.localhost')).body, 'private');
  const listed = await stage.must<object>('GET', '/api/projects/private/registries');
  const log = await stage.log('private', deployment.number, 'PullExternalImageJob');
  const shown = JSON.stringify([listed, log, refused, deployment, await stage.timeline('private', deployment.number)]);
  for (const secret of [registryUser.password, 'wrong-password']) assert.ok(!shown.includes(secret));
});

test('2.3 what cannot be pulled says why, and leaves nothing', async () => {
  const names = await ownNames();
  assert.equal(failureOf(await deployImage('pulled', `${open.host}/team/none:1`)), 'image_not_found');
  assert.equal(failureOf(await deployImage('pulled', `${open.host}/team/app:none`)), 'image_not_found');
  const gone = `${open.host}/team/app@sha256:${'a'.repeat(64)}`;
  assert.equal(failureOf(await deployImage('pulled', gone)), 'image_not_found');
  const body = { environment: 'production', image: '--upload-pack=x' };
  assert.equal((await stage.call('POST', '/api/projects/pulled/deploy/image', body)).status, 400);
  assert.deepEqual(await ownNames(), names);
});

test('2.3 a tarball of `docker save` is loaded under our name only, and then not kept', async () => {
  const imageId = await image('sent');
  const victim = 'cutover-test-victim:latest';
  await docker.getImage('cutover/base-static:latest').tag({ repo: 'cutover-test-victim', tag: 'latest' });
  try {
    const { Id: kept } = await docker.getImage(victim).inspect();
    await docker.getImage(imageId).tag({ repo: 'cutover-test-evil', tag: 'latest' });
    const tarball = join(directory, 'image.tar');
    await run('docker', ['save', '-o', tarball, 'cutover-test-evil:latest']);
    await docker.getImage('cutover-test-evil:latest').remove();
    // As if somebody had called it that.
    const content = await readFile(tarball);
    const changed = Buffer.from(
      content.toString('latin1').replaceAll('cutover-test-evil:latest', 'cutover-test-victim:lat1'),
      'latin1',
    );
    assert.equal(changed.length, content.length);
    const { status, body } = await send(
      'sent/deploy/image-upload?environment=production&filename=image.tar',
      changed,
      'k1',
    );
    assert.equal(status, 202, JSON.stringify(body));
    const { deployment, jobs } = await stage.settle('sent', body.number);
    assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
    assert.deepEqual(
      jobs.map(({ type }) => type),
      ['LoadImageJob', 'VerifyLocalImageJob', 'DeployImageJob', 'MarkDeploymentCompleteJob'],
    );
    assert.equal((await stage.visit('sent.localhost')).body, 'sent');
    assert.equal((await docker.getImage(victim).inspect()).Id, kept);
    await assert.rejects(docker.getImage('cutover-test-victim:lat1').inspect(), { statusCode: 404 });
    assert.deepEqual(await spooled(), []);
    const again = await send('sent/deploy/image-upload?environment=production&filename=image.tar', changed, 'k1');
    assert.deepEqual([again.status, again.body.number], [200, body.number]);
    assert.deepEqual(await spooled(), []);
    const other = await send('sent/deploy/image-upload?environment=production', Buffer.from('other'), 'k1');
    assert.equal(other.status, 409);
  } finally {
    await docker.getImage(victim).remove();
  }
});

test('2.3 what is no image is refused, and leaves nothing', async () => {
  const names = await ownNames();
  const { body } = await send('sent/deploy/image-upload?environment=production', Buffer.from('no tarball at all'));
  assert.equal(failureOf(await stage.settle('sent', body.number)), 'image_tarball_invalid');
  assert.deepEqual([await spooled(), await ownNames()], [[], names]);
  const nothing = await send('sent/deploy/image-upload?environment=production', Buffer.alloc(0));
  assert.equal(nothing.status, 400);
});

test('2.3, 5.10 a bundle is served, and the next one takes its place at once', async () => {
  const site = join(directory, 'site');
  await mkdir(join(site, 'docs'), { recursive: true });
  await writeFile(join(site, 'index.html'), 'first');
  await writeFile(join(site, 'docs', 'index.html'), 'docs');
  await writeFile(join(site, '404.html'), 'not here');
  await writeFile(join(site, 'app.js'), 'script');
  await writeFile(join(site, 'app.js.br'), brotliCompressSync('script'));
  await run('tar', ['czf', join(directory, 'site.tar.gz'), '-C', site, '.']);
  const first = await send(
    'site/deploy/static?environment=production&filename=site.tar.gz',
    await readFile(join(directory, 'site.tar.gz')),
  );
  const { deployment, jobs } = await stage.settle('site', first.body.number);
  assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  assert.deepEqual(
    jobs.map(({ type }) => type),
    ['DeployStaticBundleJob', 'MarkDeploymentCompleteJob'],
  );
  assert.equal((await stage.visit('site.localhost')).body, 'first');
  assert.equal((await stage.visit('site.localhost', '/docs')).body, 'docs');
  const missing = await stage.visit('site.localhost', '/nothing');
  assert.deepEqual([missing.status, missing.body], [404, 'not here']);
  const script = await stage.visit('site.localhost', '/app.js', { 'accept-encoding': 'br' });
  assert.deepEqual([script.headers['content-encoding'], script.headers.vary], ['br', 'Accept-Encoding']);

  await writeFile(join(site, 'index.html'), 'second');
  await run('zip', ['-qr', join(directory, 'site.zip'), '.'], { cwd: site });
  const second = await send(
    'site/deploy/static?environment=production&spa=true',
    await readFile(join(directory, 'site.zip')),
  );
  assert.equal((await stage.settle('site', second.body.number)).deployment.state, 'completed');
  assert.equal((await stage.visit('site.localhost', '/any/route')).body, 'second');
  assert.deepEqual(await spooled(), []);
});

test('2.3 an archive that would write elsewhere is refused, and what served still serves', async () => {
  const evil = join(directory, 'evil.tar');
  await writeFile(join(directory, 'payload'), 'x');
  await run('tar', ['cf', evil, '-P', '--transform', 's,.*,../../escaped,', join(directory, 'payload')]);
  const { body } = await send('site/deploy/static?environment=production', await readFile(evil));
  assert.equal(failureOf(await stage.settle('site', body.number)), 'archive_refused');
  assert.equal((await stage.visit('site.localhost')).body, 'second');
  assert.deepEqual(await spooled(), []);
});

test('5.9 what was acknowledged is deployed, also where the control plane is killed right after', async () => {
  await pushed('after a crash', open, 'team/app:2');
  const killed = async (trigger: () => Promise<{ readonly number: number }>, project: string) => {
    const { number } = await trigger();
    await stage.platform.killControlPlane();
    await stage.platform.startControlPlane();
    const { deployment } = await stage.settle(project, number);
    assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  };
  const image2 = { environment: 'production', image: `${open.host}/team/app:2` };
  await killed(() => stage.must<WireDeployment>('POST', '/api/projects/pulled/deploy/image', image2), 'pulled');
  assert.equal((await stage.visit('pulled.localhost')).body, 'after a crash');
  await writeFile(join(directory, 'site', 'index.html'), 'third');
  await run('tar', ['cf', join(directory, 'site.tar'), '-C', join(directory, 'site'), '.']);
  const site = await readFile(join(directory, 'site.tar'));
  await killed(async () => (await send('site/deploy/static?environment=production', site)).body, 'site');
  assert.equal((await stage.visit('site.localhost')).body, 'third');
  const made = images.use(await answeringImage('sent after a crash'));
  await run('docker', ['save', '-o', join(directory, 'next.tar'), made.imageId]);
  const tarball = await readFile(join(directory, 'next.tar'));
  await killed(async () => (await send('sent/deploy/image-upload?environment=production', tarball)).body, 'sent');
  assert.equal((await stage.visit('sent.localhost')).body, 'sent after a crash');
  assert.deepEqual(await spooled(), []);
});

test('5.9 an upload that is cut off by the end of the control plane leaves nothing, and can be sent again under the same key', async () => {
  await run('tar', ['cf', join(directory, 'cut.tar'), '-C', join(directory, 'site'), '.']);
  const whole = await readFile(join(directory, 'cut.tar'));
  const path = 'site/deploy/static?environment=production';
  const count = async () =>
    (await stage.must<{ deployments: readonly object[] }>('GET', '/api/projects/site/deployments')).deployments.length;
  const known = await count();
  const half = request(`${stage.platform.apiUrl}/api/projects/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stage.platform.token}`,
      'idempotency-key': 'cut',
      'content-length': whole.length,
    },
  });
  const broken = once(half, 'error');
  half.write(whole.subarray(0, whole.length / 2));
  await stage.until('half of it to be there', async () => {
    const [name = ''] = await spooled();
    return name.endsWith('.part') && (await stat(join(stage.platform.dataDir, 'uploads', name))).size > 0 ? true : null;
  });
  await stage.platform.killControlPlane();
  await broken;
  await stage.platform.startControlPlane();
  assert.deepEqual(await spooled(), []);
  const sent = await send(path, whole, 'cut');
  const again = await send(path, whole, 'cut');
  assert.equal(again.body.number, sent.body.number);
  assert.equal((await stage.settle('site', sent.body.number)).deployment.state, 'completed');
  assert.deepEqual([await count(), await spooled()], [known + 1, []]);
});

test('2.2 a load that is cancelled ends in cancelled within 2 s, and leaves no image, name or upload', async () => {
  const names = await ownNames();
  // Small when it is sent, and large enough that it is not over by then.
  const large = gzipSync(await tarOf([{ name: 'manifest.json', type: 'file', content: Buffer.alloc(500e6) }]), {
    level: 1,
  });
  const { body } = await send('sent/deploy/image-upload?environment=production', large);
  await stage.until('the load to begin', async () => {
    const { jobs } = await stage.detail('sent', body.number);
    return jobs.some(({ status }) => status === 'running') ? true : null;
  });
  const began = performance.now();
  await stage.must('POST', `/api/projects/sent/deployments/${body.number}/cancel`);
  const { deployment } = await stage.settle('sent', body.number);
  assert.equal(deployment.state, 'cancelled');
  assert.ok(performance.now() - began < 2_000);
  assert.deepEqual([await spooled(), await ownNames()], [[], names]);
});
