import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { superuser } from '../../src/drivers/database/embedded/initialise.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { emptyPlatform, startOn, type TestPlatform } from '../harness/platform.ts';
import { assertCalm, assertServesCurrent, failuresOf, tellingNumber } from './soundness.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';

/**
 * Two control planes on one database and one Docker Engine, each with a router of its own. One at a time leads a deployment; who was
 * suspended for longer than its lease finds that somebody else has gone on, and changes nothing.
 */
let stage: Stage;
let other: TestPlatform;
let others: ReturnType<Stage['before']>;
let repository: TestRepository;
let pool: Pool;

const leaseMs = 10_000;
/** Of a router that somebody else's deployment has moved. */
const followLimitMs = 30_000;

before(async () => {
  stage = await Stage.open();
  other = await secondOn(stage.platform);
  others = stage.before(other);
  pool = new Pool({ host: join(stage.platform.dataDir, 'postgres', 'run'), user: superuser, database: 'postgres' });
  repository = await stage.project('shop', tellingNumber('one'), { drainTimeoutMs: 1_000, stopGraceMs: 500 });
  await stage.deploy('shop');
});
after(async () => {
  await pool.end();
  for (const { pids } of [stage.platform, other]) process.kill(pids.controlPlane, 'SIGCONT');
  await other[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** The same installation once more: its name, its database and its keys. */
async function secondOn({ dataDir, platformId }: TestPlatform): Promise<TestPlatform> {
  const databaseUrl = `postgresql:///postgres?host=${join(dataDir, 'postgres', 'run')}&user=${superuser}`;
  const empty = await emptyPlatform({ variables: { platformId, databaseUrl } });
  for (const name of ['keys', 'admin-token'])
    await cp(join(dataDir, name), join(empty.config.dataDir, name), { recursive: true });
  return startOn(empty);
}

type Side = Pick<Stage, 'call'>;

async function push(side: Side): Promise<number> {
  const { status, body } = await side.call<WireDeployment>(
    'POST',
    '/api/projects/shop/trigger-pipeline',
    { environment: 'production' },
    { 'idempotency-key': randomUUID() },
  );
  assert.ok(status < 300, JSON.stringify(body));
  return body.number;
}

/** How often each deployment has ended, and how often the traffic was switched to it. */
async function stories(): Promise<readonly { number: number; ends: number; state: string }[]> {
  const { rows } = await pool.query<{ number: string; ends: string; state: string }>(
    `select d.number, d.state, count(*) filter (where t.entry ->> 'to' in ('completed', 'failed', 'cancelled')) as ends
      from deployment d join timeline t on t.deployment_id = d.id and t.entry ->> 'kind' = 'state.changed' group by d.id order by 1`,
  );
  return rows.map(({ number, ends, state }) => ({ number: Number(number), ends: Number(ends), state }));
}

async function currentOf(side: Pick<Stage, 'must'>): Promise<number> {
  const { deployments } = await side.must<{ deployments: { number: number; state: string }[] }>(
    'GET',
    '/api/projects/shop/deployments',
  );
  return deployments.find(({ state }) => state === 'completed')?.number ?? 0;
}

/** A router follows what the control plane of another one has done within a pass of its reconciler. */
async function bothServe(number: number): Promise<void> {
  for (const side of [stage, others])
    await side.until(
      `#${number} to serve`,
      async () => ((await side.visit('shop.localhost').catch(() => null))?.body === String(number) ? true : null),
      followLimitMs,
    );
}

test('2.4 pushes to both at the same moment: each ends once, and both routers serve the last', async () => {
  for (const offsetMs of [0, 5, 300]) {
    await repository.commit(tellingNumber(randomUUID()));
    const numbers = await Promise.all([push(stage), sleep(offsetMs).then(() => push(others))]);
    await Promise.all(numbers.map((number) => stage.settle('shop', number)));
    assert.equal(await currentOf(others), Math.max(...numbers));
  }
  await bothServe(await currentOf(others));
  const all = await stories();
  assert.deepEqual(
    all.filter(({ ends }) => ends !== 1),
    [],
  );
  assert.equal(all.length, 7);
});

test('the one that leads is killed: the other goes on where it was, at once', async () => {
  await repository.commit(tellingNumber(randomUUID(), 1_500));
  const number = await leadBy(stage.platform, other);
  const killedAt = performance.now();
  await stage.platform.killControlPlane();
  const { deployment } = await others.settle('shop', number);
  assert.equal(deployment.state, 'completed', deployment.reason ?? '');
  // Its session is gone, so nobody has to wait for its lease to run out.
  assert.ok(performance.now() - killedAt < leaseMs, `${performance.now() - killedAt} ms`);
  await stage.platform.startControlPlane();
  await bothServe(number);
});

for (const [name, delayMs] of [
  ['at the gate', 0],
  ['about when it switches', 1_300],
] as const)
  test(`one that is suspended ${name} for longer than its lease, and goes on, switches nothing`, async () => {
    await repository.commit(tellingNumber(randomUUID(), 1_000));
    const number = await leadBy(stage.platform, other);
    await sleep(delayMs);
    process.kill(stage.platform.pids.controlPlane, 'SIGSTOP');
    const { deployment } = await others.settle('shop', number);
    assert.equal(deployment.state, 'completed', deployment.reason ?? '');
    await repository.commit(tellingNumber(randomUUID()));
    const next = await push(others);
    assert.equal((await others.settle('shop', next)).deployment.state, 'completed');

    await using visitors = startVisitors(stageBefore(other), 'shop.localhost', 20);
    process.kill(stage.platform.pids.controlPlane, 'SIGCONT');
    await bothServe(next);
    // As long as whoever leads would try again.
    await sleep(3_000);
    const visits = await visitors.stop();
    assert.deepEqual(failuresOf(visits), []);
    assert.deepEqual(new Set(visits.map(({ body }) => body)), new Set([String(next)]));
    assert.deepEqual(
      (await stories()).filter(({ ends }) => ends !== 1),
      [],
    );
    assert.equal(await assertServesCurrentOf('shop'), next);
  });

test('after all of that every invariant holds, as both see it', async () => {
  await assertCalm(stage);
  await assertCalm(stageBefore(other));
});

const stageBefore = (platform: TestPlatform) => stage.before(platform);
const assertServesCurrentOf = (project: string) => assertServesCurrent(stageBefore(other), project);

/** A deployment at the gate that `leader` leads: the other one is asleep while somebody takes it. */
async function leadBy(leader: TestPlatform, sleeper: TestPlatform): Promise<number> {
  const side = stage.before(leader);
  process.kill(sleeper.pids.controlPlane, 'SIGSTOP');
  try {
    const number = await push(side);
    await side.untilState('shop', number, ['deploying']);
    return number;
  } finally {
    process.kill(sleeper.pids.controlPlane, 'SIGCONT');
  }
}
