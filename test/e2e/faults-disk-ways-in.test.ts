import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { GitClient } from '../harness/git-client.ts';
import { mayMount, mountSmallDisk, type SmallDisk } from '../harness/small-disk.ts';
import { Stage } from './stage.ts';

/** A disk that is full where something comes in. (Where repositories are fetched to: outages.test.ts. Docker's own: image-intake-disk-full.test.ts.) */
const run = promisify(execFile);
/** Uploads leave 1 GB free; what is not used of it takes no memory. */
const megabytes = { uploads: 1_200, static: 12, git: 8 } as const;
type Part = keyof typeof megabytes;

const skip = mayMount ? false : 'only root may mount a small file system';

describe('a full disk at the ways in', { skip }, () => {
  let base: string;
  let stage: Stage;
  let disks: Record<Part, SmallDisk>;
  const stack = new AsyncDisposableStack();

  before(async () => {
    base = await mkdtemp('/tmp/cutover-test-ways-full-');
    await run('chmod', ['755', base]);
    stack.defer(() => rm(base, { recursive: true }));
    const mount = async (part: Part) => stack.use(await mountSmallDisk(join(base, 'data', part), megabytes[part]));
    disks = { uploads: await mount('uploads'), static: await mount('static'), git: await mount('git') };
    stage = stack.use(await Stage.open({ variables: { dataDir: join(base, 'data') } }));
  });
  after(() => stack.disposeAsync());

  const inPart = (...path: readonly string[]) => readdir(join(base, 'data', ...path));

  /** A page, and beside it so many bytes that cannot be compressed. */
  async function archive(page: string, bytes = 0): Promise<Buffer> {
    const files = join(base, randomUUID());
    await mkdir(files);
    await writeFile(join(files, 'index.html'), page);
    if (bytes > 0) await writeFile(join(files, 'film.bin'), randomBytes(bytes));
    await run('tar', ['czf', `${files}.tar.gz`, '-C', files, '.']);
    return readFile(`${files}.tar.gz`);
  }

  async function send(name: string, content: Uint8Array, key: string = randomUUID()) {
    const response = await fetch(`${stage.platform.apiUrl}/api/projects/${name}/deploy/static?environment=production`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stage.platform.token}`, 'idempotency-key': key },
      body: content,
    });
    type Answer = WireDeployment & { readonly code?: string; readonly detail?: string };
    return { status: response.status, body: (await response.json()) as Answer };
  }

  async function create(name: string, settings: object = {}): Promise<void> {
    await stage.must('POST', '/api/projects', { name, repository: null, ...settings });
    await stage.settings(name, { observationMs: 0 });
  }

  async function deployed(name: string, content: Uint8Array, page: string): Promise<void> {
    const { body } = await send(name, content);
    assert.equal((await stage.settle(name, body.number)).deployment.state, 'completed');
    assert.equal(await served(name), page);
  }

  async function served(name: string): Promise<string> {
    return (await stage.visit(`${name}.localhost`)).body;
  }

  async function count(project: string): Promise<number> {
    const path = `/api/projects/${project}/deployments`;
    return (await stage.must<{ deployments: unknown[] }>('GET', path)).deployments.length;
  }

  test('where uploads are kept: nothing is taken or recorded, and with room the same request is', async () => {
    await create('sent');
    const [content, key] = [await archive('sent', 100_000), randomUUID()];
    await disks.uploads.resize(16);
    const refused = await send('sent', content, key);
    assert.deepEqual([refused.status, refused.body.code], [422, 'disk_low']);
    assert.match(refused.body.detail ?? '', /where uploads are kept/);
    assert.deepEqual([await inPart('uploads'), await count('sent')], [[], 0]);
    await disks.uploads.resize(megabytes.uploads);
    const taken = await send('sent', content, key);
    assert.equal((await stage.settle('sent', taken.body.number)).deployment.state, 'completed');
    assert.deepEqual([taken.body.number, await served('sent')], [1, 'sent']);
  });

  // Each on a disk of its own: while one is tried again, the other goes on.
  describe('and behind them', { concurrency: true }, () => {
    test('where bundles are unpacked: the deployment fails with disk_full, what served serves, and nothing half done is left', async () => {
      await create('large');
      await deployed('large', await archive('first'), 'first');
      const { body } = await send('large', await archive('second', 16_000_000));
      const { deployment } = await stage.settle('large', body.number);
      assert.deepEqual([deployment.state, deployment.failure?.code], ['failed', 'disk_full']);
      assert.match(deployment.failure?.next ?? '', /Free some space/);
      assert.equal(await served('large'), 'first');
      assert.deepEqual([await inPart('static', 'incoming'), await inPart('uploads')], [[], []]);
      await disks.static.resize(64);
      await deployed('large', await archive('third', 16_000_000), 'third');
    });

    test('where pushed repositories are kept: the push fails and says why, no branch moves and nothing is deployed; with room it is', async () => {
      await create('pushed', { gitPush: true });
      const { routerPort, token } = stage.platform;
      const remote = `http://any:${token}@cutover.localhost:${routerPort}/git/pushed.git`;
      await using client = await GitClient.init({ 'index.html': 'one' });
      const refused = async () => {
        const { code, said } = await client.run(['push', remote, 'main']);
        assert.notEqual(code, 0);
        assert.match(said, /^remote: no space is left on the disk where repositories are kept/m);
        assert.match(said, /Free some space/);
      };
      {
        await using _full = await disks.git.fill();
        await refused();
        assert.deepEqual(await inPart('git', 'repositories'), []);
      }
      await client.ok('push', remote, 'main');
      assert.equal(await served('pushed'), 'one');
      await client.commit({ 'index.html': 'two', 'large.bin': randomBytes(9_000_000).toString('base64') });
      await refused();
      assert.deepEqual([await count('pushed'), await served('pushed')], [1, 'one']);
      await disks.git.resize(64);
      await client.ok('push', remote, 'main');
      assert.equal(await served('pushed'), 'two');
    });
  });
});
