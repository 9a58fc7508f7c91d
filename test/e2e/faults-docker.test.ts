import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { DoctorReport } from '../../src/contract/schemas/system.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { startOwnDockerd, type OwnDockerd } from '../harness/own-dockerd.ts';
import { assertCalm, assertServesCurrent, failuresOf, tellingNumber } from './soundness.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { containersOf } from './world.ts';

/** Docker Engine killed and started again, and the whole machine: rule 5.9 for the third of the three planes. On an engine of its own. */
const skip = process.getuid?.() === 0 ? false : 'only root may run a Docker Engine';
const backLimitMs = 60_000;
const instances = 3;

describe('Docker Engine', { skip }, () => {
  let dockerd: OwnDockerd;
  let stage: Stage;
  let shop: TestRepository;
  before(async () => {
    dockerd = await startOwnDockerd();
    // Without power its networks are gone, and another engine of this machine would take their addresses.
    stage = await Stage.open({ variables: { dockerSocket: dockerd.socket, networkPool: '10.216.0.0/16' } });
    shop = await stage.project('shop', tellingNumber('one'), { replicas: 2 });
    await stage.project('blog', tellingNumber('one'));
    await Promise.all([stage.deploy('shop'), stage.deploy('blog')]);
  });
  after(async () => {
    // The platform's disposal needs an engine.
    await dockerd.start();
    await stage[Symbol.asyncDispose]();
    await dockerd[Symbol.asyncDispose]();
  });

  async function liveRestore() {
    const { checks } = await stage.must<DoctorReport>('GET', '/api/doctor');
    return (
      checks.find(({ name }) => name === 'live-restore') ?? assert.fail('the doctor does not look at live-restore')
    );
  }

  /** Not while Docker is making it: what a killed dockerd had begun in the kernel stays there. */
  async function deployToTheGate(): Promise<number> {
    await shop.commit(tellingNumber(randomUUID(), 1_000));
    const number = await stage.trigger('shop');
    await stage.until('the new instance to run', async () => {
      const containers = await containersOf(stage.platform, 'shop');
      const running = containers.filter(({ State }) => State === 'running');
      return running.some(({ Labels }) => Labels['cutover.deployment-number'] === String(number)) ? true : null;
    });
    return number;
  }

  async function bothAreServed(): Promise<void> {
    await stage.until('both apps to be served', () => served(['shop.localhost', 'blog.localhost']), backLimitMs);
  }

  async function served(hosts: readonly string[]): Promise<true | null> {
    const visits = hosts.flatMap((host) => [1, 2, 3, 4].map(() => stage.visit(host).catch(() => null)));
    return (await Promise.all(visits)).every((answer) => answer?.status === 200) ? true : null;
  }

  /** The deployment has ended, one way or the other, and everything is as that says. */
  async function assertEnded(number: number): Promise<void> {
    const { deployment } = await stage.settle('shop', number);
    assert.ok(['completed', 'failed'].includes(deployment.state), deployment.state);
    if (deployment.state === 'failed') assert.ok((deployment.failure?.next ?? '').length > 0);
    await assertCalm(stage);
    assert.equal((await containersOf(stage.platform)).length, instances);
    const current = await assertServesCurrent(stage, 'shop');
    assert.equal(current === number, deployment.state === 'completed');
    await assertServesCurrent(stage, 'blog');
  }

  test('5.9 dockerd killed in the middle of a deployment: apps go on, come back with their routes, and the deployment ends', async (t) => {
    const advice = await liveRestore();
    assert.equal(advice.status, 'warning');
    assert.match(advice.fix ?? '', /"live-restore": true/);
    const number = await deployToTheGate();
    await dockerd.kill();
    await using visitors = startVisitors(stage, 'shop.localhost', 20);
    await stage.until('visits without dockerd', async () => (visitors.visits.length > 20 ? true : null));
    assert.deepEqual(failuresOf(await visitors.stop()), []);
    const startedAt = performance.now();
    await dockerd.start();
    await bothAreServed();
    t.diagnostic(`both apps are back ${Math.round(performance.now() - startedAt)} ms after dockerd was started`);
    await assertEnded(number);
  });

  test('with live-restore, as the doctor advises, dockerd killed and started again costs no request and no container', async () => {
    await dockerd.kill();
    await dockerd.start({ liveRestore: true });
    assert.equal((await liveRestore()).status, 'ok');
    const earlier = await containersOf(stage.platform);
    const number = await deployToTheGate();
    await using visitors = startVisitors(stage, 'shop.localhost', 20);
    await dockerd.kill();
    await dockerd.start({ liveRestore: true });
    const now = await containersOf(stage.platform);
    const running = now.filter(({ State }) => State === 'running').map(({ Id }) => Id);
    assert.ok(earlier.every(({ Id }) => running.includes(Id)));
    await assertEnded(number);
    assert.deepEqual(failuresOf(await visitors.stop()), []);
  });

  const orders = {
    'Docker Engine, then the platform': async () => {
      await dockerd.start();
      await stage.platform.startControlPlane();
    },
    'the platform, then Docker Engine': async () => {
      await stage.platform.startControlPlane();
      await dockerd.start();
    },
    'both at the same time': async () => {
      await Promise.all([dockerd.start(), stage.platform.startControlPlane()]);
    },
  };
  for (const [order, start] of Object.entries(orders))
    test(`a machine that lost its power in the middle of a deployment, started as ${order}: all apps serve within 60 s`, async (t) => {
      const number = await deployToTheGate();
      const { controlPlane, others } = stage.platform.pids;
      for (const pid of [controlPlane, ...others]) killIfThere(pid);
      await dockerd.losePower();
      const startedAt = performance.now();
      await start();
      await bothAreServed();
      t.diagnostic(`both apps are back after ${Math.round(performance.now() - startedAt)} ms`);
      await assertEnded(number);
    });
});

/** Some end by themselves when another one is gone. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
