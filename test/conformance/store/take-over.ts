import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreBench } from './bench.ts';
import { claimed, completed, deploying, observedPair, recordOf, rollbackOf, stateOf, type Pair } from './steps.ts';

export function takeOverConformance(bench: StoreBench): void {
  let pair: Pair;
  beforeEach(async () => {
    await bench.reset();
    pair = await observedPair(bench, bench.production);
  });

  const rollback = () => claimed(bench, bench.production, { origin: rollbackOf(pair) });
  const takeOver = () => ({ takeOver: { deploymentId: pair.old.deploymentId } });
  const refused = { code: 'illegal_transition' };

  test('5.6 a rollback takes over instances and slot of the standby, as they are, and the standby is stopped', async () => {
    const warm = await recordOf(bench, pair.old.deploymentId);
    await bench.deployments.write(pair.fresh, {
      instances: warm.instances.map(({ id }) => ({ id, phase: 'drained' })),
    });
    const lease = await rollback();
    await bench.deployments.write(lease, takeOver());
    const [old, now] = [await recordOf(bench, pair.old.deploymentId), await recordOf(bench, lease.deploymentId)];
    assert.deepEqual([old.instances, old.slot, old.deployment.state], [[], null, 'stopped']);
    assert.equal(old.deployment.reason, `taken over by #${now.deployment.number}`);
    assert.equal(now.slot, warm.slot);
    assert.deepEqual(
      now.instances.map(({ id, phase }) => ({ id, phase })),
      warm.instances.map(({ id }) => ({ id, phase: 'drained' })),
    );
  });

  test('5.6 with the take-over the observation has ended: rolled back, and by which', async () => {
    const queries = bench.queries;
    const lease = await rollback();
    await bench.deployments.write(lease, takeOver());
    const { number } = (await recordOf(bench, lease.deploymentId)).deployment;
    assert.equal((await queries.observation(pair.fresh.deploymentId))?.outcome, 'rolled-back');
    const entries = (await queries.timeline(pair.fresh.deploymentId, 0, 100)).map(({ entry }) => entry);
    const message = `rolled back by #${number}`;
    assert.deepEqual(entries.at(-1), { kind: 'observation.ended', outcome: 'rolled-back', message });
  });

  test('the one that is named as serving again is not stopped', async () => {
    const lease = await rollback();
    await bench.deployments.write(lease, { ...takeOver(), becomesCurrentAgain: pair.old.deploymentId });
    const old = await recordOf(bench, pair.old.deploymentId);
    assert.deepEqual([old.deployment.state, old.serves], ['completed', true]);
  });

  test('5.6 what served before serves again when a deployment is taken back after its switch', async () => {
    const next = await deploying(bench, bench.production);
    await bench.deployments.write(next, { transition: { type: 'traffic-received' }, becomesCurrent: true });
    await bench.deployments.write(next, { becomesCurrentAgain: pair.fresh.deploymentId });
    assert.equal((await recordOf(bench, pair.fresh.deploymentId)).serves, true);
    assert.equal((await recordOf(bench, next.deploymentId)).serves, false);
  });

  test('nothing that is over, or of another environment, serves again', async () => {
    const elsewhere = await completed(bench, bench.staging);
    const lease = await rollback();
    await bench.deployments.write(lease, takeOver());
    for (const becomesCurrentAgain of [pair.old.deploymentId, elsewhere.deploymentId]) {
      await assert.rejects(bench.deployments.write(lease, { becomesCurrentAgain }), refused);
    }
    assert.equal((await recordOf(bench, pair.fresh.deploymentId)).serves, true);
  });

  test('what is not on standby is not taken over', async () => {
    const serving = { deploymentId: pair.fresh.deploymentId };
    const lease = await rollback();
    await assert.rejects(bench.deployments.write(lease, { takeOver: serving }), {
      ...refused,
      message: /not on standby/,
    });
    const observations = bench.observations;
    await observations.close(pair.fresh.deploymentId, { outcome: 'passed', message: 'nothing was seen' });
    await assert.rejects(bench.deployments.write(lease, takeOver()), { ...refused, message: /not on standby/ });
    const old = await recordOf(bench, pair.old.deploymentId);
    assert.deepEqual([old.deployment.state, old.instances.length], ['completed', 1], 'nothing of it has happened');
  });

  test('a deployment that has a slot already takes nothing over', async () => {
    const lease = await rollback();
    await bench.deployments.takeSlot(lease, 100);
    await assert.rejects(bench.deployments.write(lease, takeOver()), refused);
    assert.equal(await stateOf(bench, pair.old.deploymentId), 'completed');
  });

  test('of a take-over and the end of the observation at the same time exactly one happens', async () => {
    const observations = bench.observations;
    for (let round = 0; round < 15; round += 1) {
      await bench.reset();
      pair = await observedPair(bench, bench.production);
      const lease = await rollback();
      const take = async () => {
        const error = await bench.deployments.write(lease, takeOver()).catch((reason: { code: string }) => reason);
        if (error !== undefined) assert.equal(error.code, refused.code);
        return error === undefined;
      };
      const close = async () => {
        // From well before to well after.
        await sleep(round);
        return observations.close(pair.fresh.deploymentId, { outcome: 'passed', message: 'nothing was seen' });
      };
      const [taken, closed] = await Promise.all([take(), close()]);
      assert.notEqual(taken, closed);
      assert.equal(await stateOf(bench, pair.old.deploymentId), taken ? 'stopped' : 'completed');
    }
  });

  test('a rollback that switches and ends the bad version leaves one that serves, and frees its slot', async () => {
    const lease = await rollback();
    await bench.deployments.write(lease, { transition: { type: 'instances-starting' }, ...takeOver() });
    await bench.deployments.write(lease, {
      transition: { type: 'traffic-received' },
      becomesCurrent: true,
      observation: { standbyId: null },
      retired: { deploymentId: pair.fresh.deploymentId, reason: 'rolled back' },
      freeSlotOf: pair.fresh.deploymentId,
    });
    const bad = await recordOf(bench, pair.fresh.deploymentId);
    assert.deepEqual(
      [bad.deployment.state, bad.deployment.reason, bad.slot, bad.serves],
      ['stopped', 'rolled back', null, false],
    );
    assert.equal((await recordOf(bench, lease.deploymentId)).serves, true);
  });
}
