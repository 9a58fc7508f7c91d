import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestRepository } from '../harness/git-server.ts';
import { assertCalm, assertServesCurrent, failuresOf, tellingNumber } from './soundness.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';

/** HAProxy reloaded, and killed, under load while a deployment runs. */
let stage: Stage;
let repository: TestRepository;
const host = 'shop.localhost';
/** What a crash of the router may cost: the connections it held, and a second; and as much again on a machine that is busy. */
const outageLimitMs = 2_000;

before(async () => {
  stage = await Stage.open();
  repository = await stage.project('shop', tellingNumber('one'), { drainTimeoutMs: 2_000, stopGraceMs: 500 });
  await stage.deploy('shop');
});
after(() => stage[Symbol.asyncDispose]());

async function master(): Promise<number> {
  const text = await readFile(join(stage.platform.dataDir, 'router', 'router.pid.child'), 'utf8');
  return Number(text.split(' ')[0]);
}

async function workers(): Promise<number[]> {
  const pid = await master();
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').map(Number);
}

async function deployDuring(fault: (number: number) => Promise<void>): Promise<number> {
  await repository.commit(tellingNumber(randomUUID(), 600));
  const number = await stage.trigger('shop');
  await fault(number);
  const { deployment } = await stage.settle('shop', number);
  assert.ok(['completed', 'failed'].includes(deployment.state), deployment.state);
  if (deployment.state === 'failed') assert.equal(deployment.failure?.code, 'router_unavailable');
  await assertCalm(stage);
  const current = await assertServesCurrent(stage, 'shop');
  assert.equal(current === number, deployment.state === 'completed');
  return number;
}

test('HAProxy reloaded in the middle of a deployment, at one moment or another, costs no request, and the deployment is completed', async () => {
  await using visitors = startVisitors(stage, host, 60);
  for (const delayMs of [0, 500, 1_000]) {
    const number = await deployDuring(async (deployment) => {
      await stage.untilState('shop', deployment, ['deploying']);
      await sleep(delayMs);
      const earlier = await workers();
      process.kill(await master(), 'SIGUSR2');
      await stage.until('a new worker', async () =>
        (await workers()).some((pid) => !earlier.includes(pid)) ? true : null,
      );
    });
    assert.equal((await stage.detail('shop', number)).deployment.state, 'completed');
  }
  assert.deepEqual(failuresOf(await visitors.stop()), []);
});

for (const [moment, delayMs] of [
  ['at the gate', 0],
  ['about when it switches', 700],
  ['while the old version drains', 1_100],
] as const)
  test(`HAProxy's worker killed under load, ${moment}: visitors wait a second at most, and get what is said to serve`, async (t) => {
    await using visitors = startVisitors(stage, host, 60);
    const killed = { at: 0 };
    await deployDuring(async (number) => {
      await stage.untilState('shop', number, ['deploying']);
      await sleep(delayMs);
      for (const pid of await workers()) process.kill(pid, 'SIGKILL');
      killed.at = performance.now();
    });
    const failed = failuresOf(await visitors.stop()).map(({ at }) => Math.round(at - killed.at));
    t.diagnostic(`${failed.length} failed, until ${failed.at(-1)} ms after it`);
    assert.deepEqual(
      failed.filter((at) => at < -outageLimitMs || at > outageLimitMs),
      [],
    );
  });
