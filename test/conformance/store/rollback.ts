import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { verdictOfWant } from '../../../src/engine/workflows/persevere.ts';
import type { StoreBench } from './bench.ts';
import { claimed, deploying, observedPair, recordOf, rollbackOf, stateOf, type Pair } from './steps.ts';

export function rollbackConformance(bench: StoreBench): void {
  let pair: Pair;
  beforeEach(async () => {
    await bench.reset();
    pair = await observedPair(bench, bench.production);
  });

  const rollback = (options = {}) => bench.create(bench.production, { origin: rollbackOf(pair), ...options });

  test('2.4 a rollback replaces everything that waits in its environment, whatever its branch, and nothing elsewhere', async () => {
    const waiting = [
      await bench.trigger(bench.production),
      await bench.trigger(bench.production, { branch: 'next' }),
      await bench.trigger(bench.production, { origin: rollbackOf(pair) }),
    ];
    const elsewhere = await bench.trigger(bench.staging);
    const { deploymentId } = await rollback();
    const { deployment } = await recordOf(bench, deploymentId);
    assert.deepEqual([deployment.kind, deployment.origin], ['rollback', rollbackOf(pair)]);
    const last = waiting.at(-1) ?? '';
    assert.equal((await recordOf(bench, last)).deployment.reason, `superseded by #${deployment.number}`);
    assert.deepEqual(await Promise.all(waiting.map((id) => stateOf(bench, id))), [
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    assert.equal(await stateOf(bench, elsewhere), 'pending');
  });

  test('2.4 a rollback asks what still builds to end, and the reason says for which', async () => {
    const running = await claimed(bench, bench.production);
    const { deploymentId } = await rollback();
    const { number } = (await recordOf(bench, deploymentId)).deployment;
    const record = await recordOf(bench, running.deploymentId);
    assert.equal(record.want, 'cancel');
    assert.deepEqual(verdictOfWant(record), {
      outcome: 'cancelled',
      code: 'cancelled',
      reason: `superseded by rollback #${number}`,
    });
  });

  test('5.6 what the platform goes back from by itself has lost its traffic: that rollback is not cancelled, one by hand is', async () => {
    const automatic = await bench.trigger(bench.production, { origin: rollbackOf(pair, true) });
    await assert.rejects(bench.deployments.requestCancel(automatic), { code: 'illegal_transition' });
    assert.equal(await stateOf(bench, automatic), 'pending');
    const byHand = await bench.trigger(bench.production, { origin: rollbackOf(pair) });
    await bench.deployments.requestCancel(byHand);
    assert.equal(await stateOf(bench, byHand), 'cancelled');
  });

  test('5.6 an automatic rollback leaves alone what waits and what builds: it is probably the fix', async () => {
    const running = await claimed(bench, bench.production);
    const waiting = await bench.trigger(bench.production);
    await rollback({ origin: rollbackOf(pair, true) });
    assert.equal((await recordOf(bench, running.deploymentId)).want, null);
    assert.equal(await stateOf(bench, waiting), 'pending');
  });

  test('2.4 a rollback waits for what has started instances already', async () => {
    const lease = await deploying(bench, bench.production);
    await rollback();
    assert.equal((await recordOf(bench, lease.deploymentId)).want, null);
    assert.equal(await bench.claim([lease.deploymentId]), null);
  });

  test('2.4 a newer push neither replaces a rollback that waits nor goes ahead of it', async () => {
    const busy = await deploying(bench, bench.production);
    const { deploymentId } = await rollback();
    const push = await bench.trigger(bench.production);
    assert.equal(await stateOf(bench, deploymentId), 'pending');
    await bench.deployments.write(busy, { transition: { type: 'failed' } });
    assert.equal((await bench.claim())?.deploymentId, deploymentId);
    assert.equal(await stateOf(bench, push), 'pending');
  });

  test('2.4 a rollback goes ahead of what was pushed before it', async () => {
    const busy = await deploying(bench, bench.production);
    const push = await bench.trigger(bench.production, { branch: 'next' });
    // An automatic one, which leaves alone what waits.
    const { deploymentId } = await rollback({ origin: rollbackOf(pair, true) });
    await bench.deployments.write(busy, { transition: { type: 'failed' } });
    assert.equal((await bench.claim())?.deploymentId, deploymentId);
    assert.equal(await stateOf(bench, push), 'pending');
  });

  test('only one deployment is created under a key, also when two ask at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => rollback({ onceKey: 'take-back-2' })));
    assert.equal(new Set(answers.map(({ deploymentId }) => deploymentId)).size, 1);
    assert.equal(answers.filter(({ replayed }) => !replayed).length, 1);
    const { number } = (await recordOf(bench, answers[0]?.deploymentId ?? '')).deployment;
    const next = await bench.trigger(bench.staging);
    assert.equal((await recordOf(bench, next)).deployment.number, number + 1, 'no number is lost');
    assert.equal((await rollback({ onceKey: 'another' })).replayed, false);
  });

  test('5.7 a rollback holds auto-deploy of its environment, in one with its record, until somebody resumes it', async () => {
    const environments = bench.configuration.environments;
    const held = async () => (await environments.find(bench.projectId, 'production'))?.autoDeployHeld;
    assert.equal(await held(), null);
    await rollback({ onceKey: 'once', autoDeployHeld: 'rolled back to #1' });
    assert.equal(await held(), 'rolled back to #1');
    const resumed = await environments.resumeAutoDeploy(bench.projectId, 'production');
    assert.deepEqual([resumed?.autoDeployHeld, await held()], [null, null]);
    await rollback({ onceKey: 'once', autoDeployHeld: 'rolled back to #1' });
    assert.equal(await held(), null, 'the answer to a repeated request changes nothing');
    assert.equal((await environments.find(bench.projectId, 'staging'))?.autoDeployHeld, null);
    assert.equal(await environments.resumeAutoDeploy(bench.projectId, 'nowhere'), null);
  });

  test('5.7 what a push triggers is refused while auto-deploy is held, also where that was read before it was', async () => {
    const last = await bench.trigger(bench.staging, { pushed: true });
    await rollback({ autoDeployHeld: 'rolled back to #1' });
    await assert.rejects(bench.trigger(bench.production, { pushed: true }), {
      code: 'auto_deploy_held',
      message: 'auto-deploy of production is held: rolled back to #1',
    });
    const { number } = (await recordOf(bench, last)).deployment;
    const [staging, byHand] = [
      await bench.trigger(bench.staging, { pushed: true }),
      await bench.trigger(bench.production),
    ];
    const numbers = [
      (await recordOf(bench, staging)).deployment.number,
      (await recordOf(bench, byHand)).deployment.number,
    ];
    assert.deepEqual(numbers, [number + 2, number + 3], 'no number is lost');
    await bench.configuration.environments.resumeAutoDeploy(bench.projectId, 'production');
    await bench.trigger(bench.production, { pushed: true });
  });
}
