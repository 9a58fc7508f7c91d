import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { superuser } from '../../src/drivers/database/embedded/initialise.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { assertCalm, assertServesCurrent, failuresOf, tellingNumber } from './soundness.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';

/** PostgreSQL killed, restarted, frozen, while a deployment runs and triggers come in: rule 5.9, and none is half accepted. */
let stage: Stage;
let repository: TestRepository;

before(async () => {
  stage = await Stage.open();
  repository = await stage.project('shop', tellingNumber('one'));
  await stage.deploy('shop');
});
after(() => stage[Symbol.asyncDispose]());

interface Trigger {
  readonly key: string;
  /** 0: there was no answer. */
  readonly status: number;
  readonly body: Partial<WireDeployment> & { readonly code?: string; readonly next?: string };
}

const triggerIntervalMs = 300;

async function ask(key: string): Promise<Trigger> {
  const answer = await stage
    .call<Trigger['body']>(
      'POST',
      '/api/projects/shop/trigger-pipeline',
      { environment: 'production' },
      { 'idempotency-key': key },
    )
    .catch(() => ({ status: 0, body: {} }));
  return { key, ...answer };
}

/** Asks every so often, without waiting for answers, until told to stop; then waits for all of them. */
function hail(): { stop(): Promise<readonly Trigger[]> } {
  const answers: Promise<Trigger>[] = [];
  const stopping = new AbortController();
  const asking = (async () => {
    while (!stopping.signal.aborted) {
      answers.push(ask(randomUUID()));
      await sleep(triggerIntervalMs);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await asking;
      return Promise.all(answers);
    },
  };
}

/** Of each key, the deployments that are recorded under it. */
async function recorded(): Promise<ReadonlyMap<string, readonly number[]>> {
  const pool = new Pool({
    host: join(stage.platform.dataDir, 'postgres', 'run'),
    user: superuser,
    database: 'postgres',
    max: 1,
  });
  try {
    const { rows } = await pool.query<{ key: string; number: string }>(
      'select i.key, d.number from idempotency i join deployment d on d.id = i.deployment_id',
    );
    const numbers = new Map<string, number[]>();
    for (const { key, number } of rows) numbers.set(key, [...(numbers.get(key) ?? []), Number(number)]);
    return numbers;
  } finally {
    await pool.end();
  }
}

async function count(): Promise<number> {
  const { deployments } = await stage.must<{ deployments: { number: number }[] }>(
    'GET',
    '/api/projects/shop/deployments',
  );
  return deployments[0]?.number ?? 0;
}

/** `fault` resolves when PostgreSQL is to be well again. */
async function underFault(fault: () => Promise<void>): Promise<readonly Trigger[]> {
  const earlier = await count();
  await repository.commit(tellingNumber(randomUUID(), 1_000));
  await using visitors = startVisitors(stage, 'shop.localhost', 20);
  const number = await stage.trigger('shop');
  await stage.untilState('shop', number, ['deploying']);
  const triggers = hail();
  await fault();
  await stage.until('the API to answer', async () => {
    const answer = await stage.call('GET', '/api/projects').catch(() => null);
    return answer?.status === 200 ? true : null;
  });
  const asked = await triggers.stop();
  await assertNoneIsHalfAccepted(asked, earlier + 1);
  assert.equal((await stage.settle('shop', number)).deployment.state, 'completed');
  const last = await count();
  assert.equal((await stage.settle('shop', last)).deployment.state, 'completed');
  assert.equal(await assertServesCurrent(stage, 'shop'), last);
  assert.deepEqual(failuresOf(await visitors.stop()), []);
  await assertCalm(stage);
  return asked;
}

async function assertNoneIsHalfAccepted(asked: readonly Trigger[], earlier: number): Promise<void> {
  const kept = await recorded();
  for (const { key, status, body } of asked) {
    if (status >= 200 && status < 300)
      assert.deepEqual(kept.get(key), [body.number], 'what was accepted is there once');
    else if (status !== 0) assert.deepEqual([status, body.code], [503, 'database_unavailable'], JSON.stringify(body));
    if (status === 503) assert.ok((body.next ?? '').length > 0);
  }
  // Whoever got no clear yes asks again with the same key.
  const again = await Promise.all(asked.map(({ key }) => ask(key)));
  assert.ok(again.every(({ status }) => status >= 200 && status < 300));
  for (const [index, { body }] of asked.entries())
    if (body.number !== undefined) assert.equal(again[index]?.body.number, body.number);
  assert.equal(new Set(again.map(({ body }) => body.number)).size, asked.length, 'each is a deployment of its own');
  assert.equal(await count(), earlier + asked.length, 'and there is no other');
}

async function postmaster(): Promise<number> {
  const lock = await readFile(join(stage.platform.dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8');
  return Number(lock.split('\n')[0]);
}

async function withChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.trim().split(' ').map(Number)];
}

test('5.9 PostgreSQL killed three times: visitors do not notice, and every trigger is a deployment once or refused', async (t) => {
  const asked = await underFault(async () => {
    for (let time = 1; time <= 3; time += 1) {
      const pid = await postmaster();
      process.kill(pid, 'SIGKILL');
      await stage.until('another PostgreSQL', async () => {
        const now = await postmaster().catch(() => pid);
        return now === pid ? null : true;
      });
      await sleep(400);
    }
  });
  t.diagnostic(`${asked.filter(({ status }) => status < 300).length} of ${asked.length} were accepted at once`);
});

test('5.9 PostgreSQL restarted by its operator: the same', async (t) => {
  const asked = await underFault(async () => {
    const pid = await postmaster();
    // Connections are ended, and everything is written.
    process.kill(pid, 'SIGINT');
    await stage.until('another PostgreSQL', async () => {
      const now = await postmaster().catch(() => pid);
      return now === pid ? null : true;
    });
    await sleep(1_000);
  });
  t.diagnostic(`${asked.filter(({ status }) => status < 300).length} of ${asked.length} were accepted at once`);
});

/** `CUTOVER_TEST_FROZEN_SECONDS`: how long PostgreSQL does not answer; 15 by default, which is longer than a lease, so that the test is short. */
const frozenMs = Number(process.env['CUTOVER_TEST_FROZEN_SECONDS'] ?? 15) * 1_000;

test('5.9 PostgreSQL that does not answer for longer than a lease, a deployment under way: the same', async (t) => {
  const asked = await underFault(async () => {
    const pids = await withChildren(await postmaster());
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await sleep(frozenMs);
    // Those that it gave up on meanwhile are gone.
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  });
  const refused = asked.filter(({ status }) => status === 503).length;
  assert.ok(refused > 0, 'nobody is left to wait for ever');
  t.diagnostic(`${refused} of ${asked.length} were refused`);
});
