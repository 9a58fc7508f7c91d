import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from '../../src/store/database.ts';
import { runLoad } from '../harness/haproxy-load.ts';
import { httpVisitors } from '../harness/haproxy-visitors.ts';
import { answering, slowToStart } from './apps.ts';
import { Stage } from './stage.ts';

/** `server stop`, new code, `server start`, while visitors come: a version with one more migration and another configuration of HAProxy. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const nextVersion = new URL('../harness/next-version.ts', import.meta.url);

/** Starts the control plane with the sources as they are on disk, or as the next version has them. */
async function start(version: 'this' | 'next'): Promise<void> {
  const options = process.env['NODE_OPTIONS'];
  if (version === 'next') process.env['NODE_OPTIONS'] = `${options ?? ''} --import ${nextVersion.href}`;
  try {
    await stage.platform.startControlPlane();
  } finally {
    if (options === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = options;
  }
}

async function columnOfNext(): Promise<readonly unknown[]> {
  const host = join(stage.platform.dataDir, 'postgres', 'run');
  await using database = openDatabase({ host, user: 'cutover', database: 'postgres', poolSize: 1 });
  return (await sql`select next from project`.execute(database.db)).rows;
}

/** HAProxy's master, and its workers, of which old ones stay until their last connection ends. */
async function haproxy(): Promise<{ readonly master: number; readonly workers: readonly number[] }> {
  const supervisor = await readFile(join(stage.platform.dataDir, 'router', 'router.pid'), 'utf8');
  const [master = 0] = await childrenOf(Number(supervisor.trim().split(' ')[0]));
  return { master, workers: await childrenOf(master) };
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').map(Number);
}

test('an upgrade in the middle of a deployment costs no request: it migrates, reloads the router, and finishes the deployment', async () => {
  const repository = await stage.project('shop', answering('one'));
  await stage.deploy('shop');
  const started = await haproxy();
  await using load = runLoad(httpVisitors(stage.platform.routerPort), 'shop.localhost');
  await repository.commit(slowToStart('two'));
  const number = await stage.trigger('shop');
  await stage.untilState('shop', number, ['deploying']);

  await stage.platform.stopControlPlane();
  assert.equal((await stage.visit('shop.localhost')).body, 'one');
  await start('next');
  const { deployment } = await stage.settle('shop', number);
  assert.equal(deployment.state, 'completed', deployment.reason ?? '');
  assert.equal((await stage.visit('shop.localhost')).body, 'two');
  const { requests, failures } = await load.stop();
  assert.deepEqual(failures, [], `of ${requests}`);
  assert.ok(requests > 200, `only ${requests} requests`);

  assert.deepEqual(await columnOfNext(), [{ next: 'next' }]);
  assert.match(await readFile(join(stage.platform.dataDir, 'router', 'haproxy.cfg'), 'utf8'), /stats maxconn 21/);
  const { master, workers } = await haproxy();
  assert.equal(master, started.master, 'reloaded, not restarted');
  assert.ok(
    workers.some((pid) => !started.workers.includes(pid)),
    'with a new worker',
  );
});

test('the older version is refused on what a newer one has migrated, and traffic does not notice', async () => {
  await using load = runLoad(httpVisitors(stage.platform.routerPort), 'shop.localhost');
  await stage.platform.stopControlPlane();
  await assert.rejects(start('this'), {
    code: 'database_unavailable',
    message: /migrated by a newer version of Cutover \(9999-next\)/,
  });
  await start('next');
  assert.equal((await stage.deploy('shop')).deployment.state, 'completed');
  const { requests, failures } = await load.stop();
  assert.deepEqual(failures, [], `of ${requests}`);
});
