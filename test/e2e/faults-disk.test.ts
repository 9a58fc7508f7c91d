import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import type { WireWebhook } from '../../src/contract/schemas/webhook.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { deliverAsGithub, githubPush } from '../harness/github-deliveries.ts';
import { mayMount, mountSmallDisk, type SmallDisk } from '../harness/small-disk.ts';
import { assertCalm, assertServesCurrent, failuresOf, tellingNumber } from './soundness.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { containersOf } from './world.ts';

/** A disk that is full at one place or another, in the middle of things. (Where repositories are fetched to: outages.test.ts.) */
const run = promisify(execFile);
const megabytes = { logs: 4, router: 8, postgres: 160 } as const;
type Part = keyof typeof megabytes;
const skip = mayMount ? false : 'only root may mount a small file system';

describe('a full disk', { skip }, () => {
  let base: string;
  let disks: Record<Part, SmallDisk>;
  let dataDir: string;
  let stage: Stage;
  let repository: TestRepository;

  before(async () => {
    base = await mkdtemp('/tmp/cutover-test-disk-');
    dataDir = join(base, 'data');
    await run('chmod', ['755', base]);
    const mount = (part: Part) => mountSmallDisk(join(dataDir, part), megabytes[part]);
    disks = { logs: await mount('logs'), router: await mount('router'), postgres: await mount('postgres') };
    stage = await Stage.open({ variables: { dataDir } });
    repository = await stage.project('shop', tellingNumber('one'), { stopGraceMs: 500 });
    assert.equal((await stage.deploy('shop')).deployment.state, 'completed');
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    for (const disk of Object.values(disks)) await disk[Symbol.asyncDispose]();
    await rm(base, { recursive: true });
  });

  /** With space again everything works, and nothing of the trouble is left. */
  async function assertWell(): Promise<void> {
    await repository.commit(tellingNumber(randomUUID()));
    const { deployment } = await stage.deploy('shop');
    assert.equal(deployment.state, 'completed', deployment.reason ?? '');
    assert.equal(await assertServesCurrent(stage, 'shop'), deployment.number);
    await assertCalm(stage);
    assert.equal((await containersOf(stage.platform)).length, 1);
  }

  test('where logs are kept: it costs lines of the log, and no deployment', async () => {
    await using visitors = startVisitors(stage, 'shop.localhost', 20);
    await repository.commit({
      ...tellingNumber(randomUUID()),
      Dockerfile: `FROM node:24-slim\nRUN for i in 1 2 3 4 5 6 7 8; do echo says $i; sleep 0.3; done; : ${randomUUID()}\nCOPY . .\nCMD ["node", "server.js"]\n`,
    });
    const number = await stage.trigger('shop');
    await stage.until('output of the build', async () =>
      (await stage.log('shop', number, 'BuildImageJob').catch(() => '')).includes('says 2') ? true : null,
    );
    {
      await using _full = await disks.logs.fill();
      assert.equal((await stage.settle('shop', number)).deployment.state, 'completed');
    }
    assert.match(await readFile(join(dataDir, 'control-plane.log'), 'utf8'), /ENOSPC/);
    assert.match(await stage.log('shop', number, 'BuildImageJob'), /says 2/);
    await repository.commit({ Dockerfile: null });
    await assertWell();
    assert.notEqual(await stage.log('shop', number + 1, 'BuildImageJob'), '');
    assert.deepEqual(failuresOf(await visitors.stop()), []);
  });

  test('where the router keeps its routes: nothing moves while it lasts, the old version serves, and the deployment ends when there is space', async (t) => {
    await using visitors = startVisitors(stage, 'shop.localhost', 20);
    const serving = await assertServesCurrent(stage, 'shop');
    await repository.commit(tellingNumber(randomUUID(), 1_000));
    const number = await stage.trigger('shop');
    await stage.untilState('shop', number, ['deploying']);
    {
      await using _full = await disks.router.fill();
      await stage.until('the operator to be told', async () => {
        const said = await readFile(join(dataDir, 'control-plane.log'), 'utf8');
        return said.includes(`the router's files in ${join(dataDir, 'router')} could not be written`) ? true : null;
      });
      assert.equal((await stage.visit('shop.localhost')).body, String(serving));
    }
    const { deployment } = await stage.settle('shop', number);
    t.diagnostic(`the deployment was ${deployment.state}`);
    if (deployment.state === 'failed') {
      assert.equal(deployment.failure?.code, 'disk_full', deployment.failure?.message);
      assert.match(deployment.failure?.next ?? '', /Free some space/);
    } else assert.equal(deployment.state, 'completed');
    assert.equal(await assertServesCurrent(stage, 'shop'), deployment.state === 'completed' ? number : serving);
    await assertWell();
    assert.deepEqual(failuresOf(await visitors.stop()), []);
  });

  test('where PostgreSQL writes: triggers are refused with disk_full, each that was accepted is there once, visitors do not notice', async () => {
    await using visitors = startVisitors(stage, 'shop.localhost', 20);
    const earlier = await newest();
    const asked: {
      readonly key: string;
      readonly status: number;
      readonly number: number | undefined;
      code: string | undefined;
    }[] = [];
    const commit = await repository.commit(tellingNumber(randomUUID()));
    const { paths, secret } = await stage.must<WireWebhook>('PUT', '/api/projects/shop/webhook', {});
    const hook = { url: `${stage.platform.apiUrl}${paths.github}`, secret };
    // Of a branch that nobody deploys: it is kept, and deploys nothing.
    const event = { event: 'push', payload: githubPush({ repository: repository.url, commit, branch: 'other' }) };
    const delivery = { ...event, id: randomUUID() };
    {
      await using _full = await disks.postgres.fill();
      for (let count = 0; count < 200 && asked.every(({ status }) => status < 300); count += 1)
        asked.push(await ask(randomUUID()));
      const refused = await deliverAsGithub(hook, delivery);
      assert.equal(refused.status, 503);
      assert.ok(refused.body.code === 'disk_full' || refused.body.code === 'database_unavailable', refused.body.code);
    }
    const last = asked.at(-1);
    assert.ok(last !== undefined && last.status >= 500, `${asked.length} triggers were accepted`);
    assert.ok(last.code === 'disk_full' || last.code === 'database_unavailable', last.code);
    await stage.until('the API to answer', async () => {
      const answer = await stage.call('GET', '/api/projects').catch(() => null);
      return answer?.status === 200 ? true : null;
    });
    const again = await stage.until('all to be accepted', async () => {
      const answers = await Promise.all(asked.map(({ key }) => ask(key)));
      return answers.every(({ status }) => status < 300) ? answers : null;
    });
    for (const [index, { number }] of asked.entries())
      if (number !== undefined) assert.equal(again[index]?.number, number);
    assert.equal(new Set(again.map(({ number }) => number)).size, asked.length);
    assert.equal(await newest(), earlier + asked.length);
    // As a provider does that was not answered well.
    const outcomes = [await deliverAsGithub(hook, delivery), await deliverAsGithub(hook, delivery)];
    assert.deepEqual(
      outcomes.map(({ status, body }) => [status, body.outcome]),
      [
        [202, 'accepted'],
        [202, 'replayed'],
      ],
    );
    await stage.settle('shop', earlier + asked.length);
    await assertWell();
    assert.deepEqual(failuresOf(await visitors.stop()), []);
  });

  async function ask(key: string) {
    const { status, body } = await stage.call<Partial<WireDeployment> & { code?: string }>(
      'POST',
      '/api/projects/shop/trigger-pipeline',
      { environment: 'production' },
      { 'idempotency-key': key },
    );
    return { key, status, number: body.number, code: body.code };
  }

  async function newest(): Promise<number> {
    const { deployments } = await stage.must<{ deployments: WireDeployment[] }>(
      'GET',
      '/api/projects/shop/deployments',
    );
    return deployments[0]?.number ?? 0;
  }
});
