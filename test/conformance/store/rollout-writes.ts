import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { pipeline } from '../../../src/domain/job.ts';
import { nothingMeasured } from '../../../src/domain/measurements.ts';
import type { StoreBench } from './bench.ts';
import { claimed, completed, deploying, observedPair, ready, recordOf } from './steps.ts';

export function rolloutWriteConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  test('2.3 a new plan keeps the jobs that have begun, and has no others but its own', async () => {
    const lease = await claimed(bench, bench.production);
    await bench.deployments.write(lease, {
      jobs: [
        { type: 'DownloadRepoJob', status: 'success' },
        { type: 'BuildImageJob', status: 'running' },
      ],
    });
    const plan = pipeline({ kind: 'git', target: 'static', release: true, contract: true });
    await bench.deployments.write(lease, { plan });
    await bench.deployments.write(lease, { plan });
    const { jobs } = await recordOf(bench, lease.deploymentId);
    assert.deepEqual(
      jobs.map(({ type, order, status, required }) => [type, order, status, required]),
      [
        ['DownloadRepoJob', 1, 'success', true],
        ['BuildImageJob', 2, 'running', true],
        ['RunReleaseJob', 3, 'pending', true],
        ['DeployStaticJob', 4, 'pending', true],
        ['MarkDeploymentCompleteJob', 5, 'pending', true],
        ['RunContractJob', 6, 'pending', false],
      ],
    );
    assert.deepEqual(jobs[4]?.dependsOn, ['DeployStaticJob']);
  });

  test('2.3 what has begun stays also where a new plan has no place for it', async () => {
    const lease = await claimed(bench, bench.production);
    await bench.deployments.write(lease, { jobs: [{ type: 'DeployImageJob', status: 'failure', error: 'no' }] });
    await bench.deployments.write(lease, {
      plan: [{ type: 'DeployStaticJob', order: 1, dependsOn: [], required: false }],
    });
    const { jobs } = await recordOf(bench, lease.deploymentId);
    assert.deepEqual(
      jobs.map(({ type, order, status, error }) => [type, order, status, error]),
      [
        ['DeployStaticJob', 1, 'pending', null],
        ['DeployImageJob', 3, 'failure', 'no'],
      ],
    );
  });

  test('4.3 what the repository says goes into the configuration of the deployment, and nothing else of it changes', async () => {
    const lease = await claimed(bench, bench.production);
    const given = (await recordOf(bench, lease.deploymentId)).deployment.configuration;
    const configured = {
      appConfig: { ...emptyAppConfig, settings: { replicas: 3 } },
      settings: { ...defaultEnvironmentSettings, replicas: 3 },
    };
    await bench.deployments.write(lease, { configured });
    const { configuration } = (await recordOf(bench, lease.deploymentId)).deployment;
    assert.deepEqual(configuration, { ...given, ...configured });
  });

  test('5.2 what the strategy auto came to is kept with the deployment, so that it is the same after a crash', async () => {
    const lease = await claimed(bench, bench.production);
    const given = (await recordOf(bench, lease.deploymentId)).deployment.configuration;
    const chosen = { chosenStrategy: 'canary' } as const;
    await bench.deployments.write(lease, { transition: { type: 'instances-starting' }, configured: chosen });
    const { configuration } = (await recordOf(bench, lease.deploymentId)).deployment;
    assert.deepEqual(configuration, { ...given, ...chosen });
  });

  test('2.6 measurements are added to those there are', async () => {
    const lease = await claimed(bench, bench.production);
    await bench.deployments.write(lease, { measurements: { gateMs: 5, drainMs: 1 } });
    await bench.deployments.write(lease, { measurements: { drainMs: 7 } });
    const { deployment } = await recordOf(bench, lease.deploymentId);
    assert.deepEqual(deployment.measurements, { ...nothingMeasured, gateMs: 5, drainMs: 7 });
  });

  test('instances are in the order of their processes, and a crash is on record until it is over', async () => {
    const lease = await claimed(bench, bench.production);
    const named = [
      ['worker', 2],
      ['web', 1],
      ['worker', 1],
      ['mail', 1],
    ] as const;
    const instances = named.map(([process, ordinal]) => ({ id: randomUUID(), process, ordinal, port: 3000 }));
    await bench.deployments.addInstances(lease, instances);
    const queries = bench.queries;
    const expected = ['mail 1', 'web 1', 'worker 1', 'worker 2'];
    for (const rows of [
      (await recordOf(bench, lease.deploymentId)).instances,
      await queries.instances(lease.deploymentId),
    ])
      assert.deepEqual(
        rows.map(({ process, ordinal }) => `${process} ${ordinal}`),
        expected,
      );
    const id = instances[1]?.id ?? '';
    const crashedAt = '2026-01-02T03:04:05.678Z';
    const seen = async () => (await queries.instances(lease.deploymentId)).find((instance) => instance.id === id);
    await bench.deployments.write(lease, { instances: [{ id, crashedAt, restarts: 2 }] });
    assert.deepEqual([(await seen())?.crashedAt, (await seen())?.restarts], [crashedAt, 2]);
    await bench.world.updateInstances([{ id, crashedAt: null }]);
    assert.equal((await seen())?.crashedAt, null);
  });

  test('the route keeps whether requests are held or refused, and whether all of them are told', async () => {
    const lease = await ready(bench, bench.production);
    const route = { stable: 1, candidate: 2, share: 10, mode: 'held', observed: true } as const;
    await bench.deployments.write(lease, { route });
    assert.deepEqual((await bench.deployments.route(bench.production))?.target, route);
    const { routes } = await bench.world.desired();
    assert.deepEqual(routes.find(({ environmentId }) => environmentId === bench.production)?.target, route);
  });

  test('5.7 what was once completed can be gone back to, newest first; nothing else can', async () => {
    const queries = bench.queries;
    const first = await completed(bench, bench.production);
    const failing = await deploying(bench, bench.production);
    await bench.deployments.write(failing, { transition: { type: 'failed' } });
    await completed(bench, bench.staging);
    const second = await ready(bench, bench.production);
    await bench.deployments.write(second, {
      transition: { type: 'predecessor-drained' },
      retired: { deploymentId: first.deploymentId, reason: 'replaced' },
    });
    const served = await queries.served(bench.production, 10);
    assert.deepEqual(
      served.map(({ id, state }) => [id, state]),
      [
        [second.deploymentId, 'completed'],
        [first.deploymentId, 'stopped'],
      ],
    );
    assert.ok(served.every(({ completedAt }) => completedAt !== null));
    assert.deepEqual(
      (await queries.served(bench.production, 1)).map(({ id }) => id),
      [second.deploymentId],
    );
  });

  test('5.8 the last contract that has run is known', async () => {
    const queries = bench.queries;
    const plan = pipeline({ kind: 'git', target: 'image', release: false, contract: true });
    assert.equal(await queries.lastContract(bench.production), null);
    const first = await ready(bench, bench.production);
    await bench.deployments.write(first, { plan, jobs: [{ type: 'RunContractJob', status: 'success' }] });
    await bench.deployments.write(first, { transition: { type: 'predecessor-drained' } });
    const second = await ready(bench, bench.production);
    await bench.deployments.write(second, { plan });
    assert.equal((await queries.lastContract(bench.production))?.id, first.deploymentId);
    await bench.deployments.write(second, { jobs: [{ type: 'RunContractJob', status: 'failure' }] });
    const { id } = (await queries.lastContract(bench.production)) ?? {};
    assert.equal(id, second.deploymentId, 'it may have done a part of its work');
    assert.equal(await queries.lastContract(bench.staging), null);
  });

  test('the reconciler knows what serves, what is on standby, and what is left to be stopped', async () => {
    const world = bench.world;
    const roles = async () =>
      Object.fromEntries((await world.desired()).deployments.map(({ deployment, role }) => [deployment.id, role]));
    const { old, fresh } = await observedPair(bench, bench.production);
    assert.deepEqual(await roles(), { [old.deploymentId]: 'standby', [fresh.deploymentId]: 'serves' });
    const end = { outcome: 'passed', message: 'nothing was seen' } as const;
    await bench.observations.close(fresh.deploymentId, end);
    assert.deepEqual(await roles(), { [old.deploymentId]: 'left', [fresh.deploymentId]: 'serves' });
    const next = await deploying(bench, bench.production);
    const during = { [old.deploymentId]: 'standby', [fresh.deploymentId]: 'serves', [next.deploymentId]: 'serves' };
    assert.deepEqual(await roles(), during);
    await bench.deployments.write(next, { transition: { type: 'paused' } });
    assert.deepEqual(await roles(), during, 'a rollout that is held may have to be taken back');
    const elsewhere = await completed(bench, bench.staging);
    assert.equal((await roles())[elsewhere.deploymentId], 'serves');
  });

  test('what is alive in an environment is everything but what waits and what is over, oldest first', async () => {
    const { old, fresh } = await observedPair(bench, bench.production);
    const failed = await claimed(bench, bench.production);
    await bench.deployments.write(failed, { transition: { type: 'failed' } });
    const next = await claimed(bench, bench.production);
    await bench.trigger(bench.production);
    await completed(bench, bench.staging);
    const alive = await bench.deployments.alive(bench.production);
    assert.deepEqual(
      alive.map(({ deployment }) => deployment.id),
      [old.deploymentId, fresh.deploymentId, next.deploymentId],
    );
  });

  test('crashes that are recorded while the worker writes never wait for it in a circle', async () => {
    const world = bench.world;
    const lease = await ready(bench, bench.production);
    const [instance] = (await recordOf(bench, lease.deploymentId)).instances;
    assert.ok(instance);
    const { id } = instance;
    await bench.deployments.write(lease, { instances: [{ id, phase: 'serving' }] });
    const exit = { at: Date.now(), exitCode: 1, outOfMemory: false };
    const busy = Array.from({ length: 20 }, () => [
      world.crashed(id, exit),
      bench.deployments.write(lease, { instances: [{ id, phase: 'serving' }] }),
      world.recovered(id),
    ]);
    await Promise.all(busy.flat());
    assert.equal((await recordOf(bench, lease.deploymentId)).instances[0]?.restarts, 20);
  });
}
