import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import type { Artifact } from '../../../src/domain/artifact.ts';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { pipeline } from '../../../src/domain/job.ts';
import { leaseMs, token, type StoreBench } from './bench.ts';
import { claimed, completed, deploying, observedPair, ready, recordOf, stateOf } from './steps.ts';

const gone = { code: 'not_found' };
const image = (imageId: string): Artifact => ({ type: 'image', imageId, sizeBytes: 1, exposedPorts: [] });
const bundle = (hash: string): Artifact => ({ type: 'bundle', bundle: hash, sizeBytes: 1, spa: false });

/** How projects and environments go, with everything that is theirs. */
export function deletionConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  test('nothing is deployed to what is being deleted, and no number is lost by asking', async () => {
    const last = (await recordOf(bench, await bench.trigger(bench.production))).deployment.number;
    const waiting = await bench.trigger(bench.staging);
    await bench.markDeleting('staging');
    await assert.rejects(bench.trigger(bench.staging, { key: 'k' }), gone);
    assert.equal(await stateOf(bench, waiting), 'pending', 'nothing was superseded');
    const next = await bench.trigger(bench.production, { key: 'k' });
    assert.equal((await recordOf(bench, next)).deployment.number, last + 2, 'the key was not taken either');
  });

  test('what is being deleted has no route, and is not to have one', async () => {
    await ready(bench, bench.staging);
    const before = await bench.deployments.route(bench.staging);
    assert.ok(before?.target && before.revision !== null);
    await bench.markDeleting('staging');
    assert.deepEqual(await bench.deployments.route(bench.staging), {
      hosts: ['staging.shop.test'],
      target: null,
      guard: null,
      held: null,
      revision: before.revision,
    });
    const { routes } = await bench.world.desired();
    assert.deepEqual(
      routes.map(({ environmentId }) => environmentId),
      [bench.production],
    );
    assert.equal(await bench.deployments.route(randomUUID()), null);
  });

  test('a deletion names its deployments and hosts; those of others are not among them', async () => {
    await completed(bench, bench.production);
    const own = [await bench.trigger(bench.staging), await bench.trigger(bench.staging)];
    assert.deepEqual(await bench.world.deletions(), []);
    await bench.markDeleting('staging');
    const [deletion, ...others] = await bench.world.deletions();
    assert.ok(deletion !== undefined && others.length === 0);
    const { deployments, ...head } = deletion;
    assert.deepEqual(deployments.toSorted(), own.toSorted());
    assert.deepEqual({ ...head, deployments: [] }, { ...bench.deletionOf('staging'), hosts: ['staging.shop.test'] });
  });

  test('what waits is cancelled, what is led is told to end, and the others are nobody’s to lead any more', async () => {
    const done = await completed(bench, bench.staging);
    await bench.deployments.requestPause(done.deploymentId, 'ann');
    await bench.deployments.release(done, 60_000);
    const running = await claimed(bench, bench.staging);
    const waiting = await bench.trigger(bench.staging);
    const elsewhere = await bench.trigger(bench.production);
    assert.equal(await bench.world.askToEnd(bench.deletionOf('staging')), 1);
    assert.equal((await bench.deployments.heartbeat([running], leaseMs)).get(running.deploymentId), 'delete');
    const { deployment, jobs } = await recordOf(bench, waiting);
    assert.deepEqual([deployment.state, deployment.reason], ['cancelled', 'deleted']);
    assert.ok(jobs.every(({ status }) => status === 'cancelled'));
    assert.equal((await recordOf(bench, done.deploymentId)).want, null);
    assert.equal(await stateOf(bench, elsewhere), 'pending');
    assert.equal(await bench.world.askToEnd(bench.deletionOf('staging')), 1, 'it is still led');
    await bench.deployments.write(running, { transition: { type: 'failed' } });
    assert.equal(await bench.world.askToEnd(bench.deletionOf('staging')), 0);
  });

  test('a pause that somebody is at is counted, and ends as deleted', async () => {
    const done = await completed(bench, bench.staging);
    await bench.deployments.requestPause(done.deploymentId, 'ann');
    const lease = await bench.claim();
    assert.ok(lease);
    assert.equal(await bench.world.askToEnd(bench.deletionOf('staging')), 1);
    await assert.rejects(bench.deployments.write(lease, { transition: { type: 'paused' } }), { code: 'cancelled' });
    await bench.deployments.write(lease, { wantDone: true });
    assert.equal((await recordOf(bench, done.deploymentId)).want, 'delete');
    assert.equal(await bench.world.askToEnd(bench.deletionOf('staging')), 0, 'nobody leads it any more');
    assert.equal((await recordOf(bench, done.deploymentId)).want, null);
  });

  test('what serves is stopped with its instances, its slot, its observation and its contract step', async () => {
    const { old, fresh } = await observedPair(bench, bench.production);
    await bench.deployments.write(fresh, {
      plan: pipeline({ kind: 'git', target: 'image', release: false, contract: true }),
    });
    await bench.deployments.requestPause(fresh.deploymentId, 'ann');
    await bench.world.stopServing(fresh.deploymentId, 'deleted');
    const { deployment, instances, slot, want, jobs } = await recordOf(bench, fresh.deploymentId);
    assert.deepEqual([deployment.state, deployment.reason, slot, want], ['stopped', 'deleted', null, null]);
    assert.deepEqual(
      instances.map(({ phase }) => phase),
      ['stopped'],
    );
    assert.equal(jobs.find(({ type }) => type === 'RunContractJob')?.status, 'skipped');
    assert.equal((await bench.queries.observation(fresh.deploymentId))?.outcome, 'interrupted');
    assert.equal(await stateOf(bench, old.deploymentId), 'completed');
    const before = await bench.queries.timeline(fresh.deploymentId, 0, 100);
    await bench.world.stopServing(fresh.deploymentId, 'again');
    assert.deepEqual(await bench.queries.timeline(fresh.deploymentId, 0, 100), before, 'what is over is left as it is');
    const running = await claimed(bench, bench.staging);
    await bench.world.stopServing(running.deploymentId, 'deleted');
    assert.equal(await stateOf(bench, running.deploymentId), 'running', 'it has its worker');
  });

  test('an environment that is erased leaves nothing but its slots; the other one keeps everything', async () => {
    const kept = await observedPair(bench, bench.production);
    const lease = await deploying(bench, bench.staging, { key: 'k', onceKey: 'once' });
    await bench.deployments.saveArtifact('key', bench.projectId, cached(image('sha256:a')));
    const scope = { projectId: bench.projectId, environmentId: bench.staging };
    const variable = { id: randomUUID(), name: 'A', sealed: 's', secret: true, build: false };
    await bench.configuration.variables.set(scope, [variable]);
    await bench.configuration.variables.set({ ...scope, environmentId: null }, [{ ...variable, id: randomUUID() }]);
    await bench.markDeleting('staging');
    await bench.world.erase(bench.deletionOf('staging'));
    const id = lease.deploymentId;
    assert.deepEqual(
      [await bench.deployments.record(id), await bench.queries.jobs(id), await bench.queries.instances(id)],
      [null, [], []],
    );
    assert.deepEqual(await bench.queries.timeline(id, 0, 100), []);
    assert.equal(await bench.deployments.route(bench.staging), null);
    assert.ok((await bench.world.desired()).slots.some(({ deploymentId }) => deploymentId === id));
    assert.deepEqual(
      (await bench.configuration.variables.list(scope)).map(({ level }) => level),
      ['project'],
    );
    assert.ok(await bench.deployments.findArtifact('key'));
    assert.equal(await stateOf(bench, kept.fresh.deploymentId), 'completed');
    assert.ok(await bench.queries.observation(kept.fresh.deploymentId));
    // Its name, its host and its keys are free again.
    const again = { id: bench.staging, name: 'staging', settings: defaultEnvironmentSettings };
    assert.ok(
      await bench.configuration.environments.create(bench.projectId, { ...again, hosts: ['staging.shop.test'] }),
    );
    assert.equal((await bench.create(bench.staging, { key: 'k', onceKey: 'once' })).replayed, false);
    await bench.configuration.variables.unset({ ...scope, environmentId: null }, ['A']);
  });

  test('a project that is erased takes everything of it along, also what was built for it', async () => {
    const { projects } = bench.configuration;
    const [projectId, id] = [randomUUID(), randomUUID()];
    const record = {
      id: projectId,
      name: 'brief',
      repository: 'https://example.com/b.git',
      build: defaultBuildSettings,
    };
    const production = { id, name: 'production', settings: defaultEnvironmentSettings, hosts: ['brief.test'] };
    await projects.create(record, production);
    await bench.deployments.saveArtifact('brief', projectId, cached(image('sha256:b')));
    await projects.markDeleting('brief');
    const deletion = (await bench.world.deletions()).find(({ projectName }) => projectName === 'brief');
    assert.deepEqual(deletion, {
      kind: 'project',
      id: projectId,
      projectId,
      projectName: 'brief',
      environmentName: null,
      deployments: [],
      hosts: ['brief.test'],
    });
    assert.equal((await bench.world.deletions()).length, 1, 'its environments go with it');
    assert.ok((await bench.world.projectNames()).includes('brief'));
    await bench.world.erase(deletion);
    assert.ok(!(await bench.world.projectNames()).includes('brief'));
    assert.deepEqual(await bench.world.deletions(), []);
    assert.equal(await bench.deployments.findArtifact('brief'), null);
    assert.equal(await bench.deployments.route(id), null);
    await projects.create({ ...record, id: randomUUID() }, { ...production, id: randomUUID() });
    await projects.markDeleting('brief');
    for (const left of await bench.world.deletions()) await bench.world.erase(left);
  });

  test('while work is done for a deletion its rows stay, and once they are gone nothing is done for it', async () => {
    await bench.markDeleting('staging');
    const deletion = bench.deletionOf('staging');
    const began = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const order: string[] = [];
    const working = bench.world.whileDeleting(deletion, async () => {
      began.resolve();
      await end.promise;
      order.push('work');
    });
    await began.promise;
    const erased = bench.world.erase(deletion).then(() => order.push('erased'));
    // Others are not kept waiting; and there was time.
    await completed(bench, bench.production);
    end.resolve();
    assert.equal(await working, true);
    await erased;
    assert.deepEqual(order, ['work', 'erased']);
    const late = bench.world.whileDeleting(deletion, () => Promise.reject(new Error('nothing is to be done any more')));
    assert.equal(await late, false);
  });

  test('only what nobody else runs or has built is left over of an environment', async () => {
    await bench.trigger(bench.staging, { artifact: image('sha256:own') });
    await bench.trigger(bench.staging, { artifact: image('sha256:own'), branch: 'b' });
    await bench.trigger(bench.staging, { artifact: bundle('shared'), branch: 'c' });
    await bench.trigger(bench.staging, { artifact: bundle('mine'), branch: 'd' });
    await bench.trigger(bench.production, { artifact: bundle('shared') });
    // What was built for the project is neither the environment's own nor somebody else's.
    await bench.deployments.saveArtifact('built', bench.projectId, cached(image('sha256:own')));
    assert.deepEqual(await bench.world.leftovers(bench.deletionOf('staging')), {
      imageIds: ['sha256:own'],
      bundles: ['mine'],
    });
    const project = { ...bench.deletionOf('staging'), kind: 'project', id: bench.projectId } as const;
    const all = await bench.world.leftovers(project);
    assert.ok(all.bundles.includes('shared') && all.bundles.includes('mine') && all.imageIds.includes('sha256:own'));
  });

  test('9.1 a key is taken per caller', async () => {
    const first = await bench.trigger(bench.production, { key: 'same', token });
    assert.notEqual(await bench.trigger(bench.staging, { key: 'same', token: randomUUID() }), first);
  });
}

function cached(artifact: Artifact) {
  return { artifact, baseImages: { 'node:24': 'sha256:base' }, appConfig: emptyAppConfig };
}
