import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import type { WireSettingsChange } from '../../src/contract/schemas/environment.ts';
import { answering, working } from './apps.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { addresses, containersOf, routerState } from './world.ts';

/** The version that served before stays up, off traffic, while the new one is observed (rules 2.2, 5.4 and 5.6), on real parts. */
const docker = new Docker();
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

async function twice(project: string, settings: WireSettingsChange): Promise<void> {
  const repository = await stage.project(project, answering('one'), settings);
  await stage.deploy(project);
  await repository.commit(answering('two'));
  assert.equal((await stage.deploy(project)).deployment.state, 'completed');
}

const phases = async (project: string, number: number) =>
  (await stage.detail(project, number)).instances.map(({ phase }) => phase);

interface Server {
  readonly kind: string;
  readonly redundancy?: string;
  readonly address?: string;
}

async function servers(): Promise<Server[]> {
  return (await routerState(stage.platform)).servers.map(({ server }) => server as Server);
}

/** Every address that the router knows is that of a container, and there is none that it does not know. */
function agreed() {
  return stage.until('router and containers to agree', async () => {
    const { router, containers } = await addresses(stage.platform);
    return JSON.stringify([...new Set(router)]) === JSON.stringify(containers) ? containers : null;
  });
}

test('5.4 after completion the old version is drained and up, off traffic; a newer deployment ends that', async () => {
  await twice('all', { observationMs: 600_000, replicas: 2 });
  assert.deepEqual(await phases('all', 1), ['drained', 'drained']);
  assert.equal((await stage.detail('all', 1)).deployment.state, 'completed');
  assert.equal((await containersOf(stage.platform, 'all')).length, 4);
  const bodies = await Promise.all(Array.from({ length: 20 }, async () => (await stage.visit('all.localhost')).body));
  assert.deepEqual(new Set(bodies), new Set(['two']));
  await stage.deploy('all');
  const { deployment } = await stage.untilState('all', 1, ['stopped']);
  assert.equal(deployment.reason, 'replaced by #3');
  assert.deepEqual(await phases('all', 2), ['drained', 'drained'], 'the next one is on standby now');
  assert.equal((await containersOf(stage.platform, 'all')).length, 4);
});

test('5.6 standby `one` keeps one instance of several, `none` keeps none', async () => {
  await twice('one', { observationMs: 600_000, replicas: 2, standby: 'one' });
  assert.deepEqual((await phases('one', 1)).toSorted(), ['drained', 'stopped']);
  assert.equal((await containersOf(stage.platform, 'one')).length, 3);
  await twice('none', { observationMs: 600_000, standby: 'none' });
  await stage.untilState('none', 1, ['stopped']);
  assert.equal((await containersOf(stage.platform, 'none')).length, 1);
});

test('5.6 a standby that is killed, removed or moved is followed, and so is everything after a restart of the machine', async () => {
  await twice('moved', { observationMs: 600_000 });
  await agreed();
  const standby = (await containersOf(stage.platform, 'moved')).find(
    ({ Labels }) => Labels['cutover.deployment-number'] === '1',
  );
  assert.ok(standby !== undefined, JSON.stringify((await containersOf(stage.platform, 'moved'))[0]?.Labels));
  const network = Object.keys(standby.NetworkSettings.Networks)[0] ?? '';
  await docker.getContainer(standby.Id).kill();
  await agreed();
  const addressOf = async () =>
    (await docker.getContainer(standby.Id).inspect()).NetworkSettings.Networks[network]?.IPAddress ?? '';
  const held = await addressOf();
  await docker.getNetwork(network).disconnect({ Container: standby.Id, Force: true });
  const other = held.replace(/\d+$/, (last) => String((Number(last) & 0xc0) + 0x3a));
  await docker.getNetwork(network).connect({
    Container: standby.Id,
    EndpointConfig: { IPAMConfig: { IPv4Address: other } },
  });
  await docker.getContainer(standby.Id).restart({ t: 0 });
  await agreed();
  assert.equal(await addressOf(), other, 'it has moved');
  await docker.getContainer(standby.Id).remove({ force: true });
  await stage.until('it to be made again', async () =>
    (await containersOf(stage.platform, 'moved')).length === 2 ? true : null,
  );
  await agreed();
  // A machine that restarts takes the control plane down too: nobody blames the new version for it.
  await stage.platform.killControlPlane();
  for (const { Id } of await containersOf(stage.platform)) await docker.getContainer(Id).kill();
  await stage.platform.startControlPlane();
  await agreed();
  assert.deepEqual(await phases('moved', 1), ['drained']);
  // Until it is up again the one before answers in its place.
  await stage.until('the new version to answer', async () =>
    (await stage.visit('moved.localhost')).body === 'two' ? true : null,
  );
});

test('2.2 with the end of the observation container, slot and servers go, nothing leans on them any more, and no request fails', async () => {
  for (const project of ['all', 'one', 'none', 'moved']) await stage.must('DELETE', `/api/projects/${project}`);
  await stage.until('nothing to be left', async () =>
    (await containersOf(stage.platform)).length === 0 && (await servers()).length === 0 ? true : null,
  );
  await twice('short', { observationMs: 6_000 });
  assert.deepEqual((await servers()).map(({ kind, redundancy }) => redundancy ?? kind).toSorted(), [
    'alone',
    'fallback',
    'guarded',
  ]);
  await using visitors = startVisitors(stage, 'short.localhost', 50);
  const { deployment } = await stage.untilState('short', 1, ['stopped']);
  assert.equal(deployment.reason, 'replaced by #2');
  await stage.until('its servers to be gone', async () => ((await servers()).length === 1 ? true : null));
  const visits = await visitors.stop();
  assert.deepEqual(
    (await servers()).map(({ redundancy }) => redundancy),
    ['alone'],
  );
  assert.equal((await containersOf(stage.platform)).length, 1);
  assert.ok(visits.length > 50);
  assert.deepEqual(
    visits.filter(({ status }) => status !== 200),
    [],
  );
  const { observation } = await stage.detail('short', 2);
  assert.equal(observation?.outcome, 'passed');
  await agreed();
});

test('2.6 CPU and memory of what serves are kept with the deployment, whether it is observed or not', async () => {
  await stage.project('observed', working, { observationMs: 20_000, replicas: 2 });
  await stage.project('unobserved', working);
  for (const [project, instances] of [['observed', 2] as const, ['unobserved', 1] as const]) {
    const { deployment } = await stage.deploy(project);
    assert.equal(deployment.measurements.resources, null, 'not yet');
    const { cpuCores, memoryBytes, cpuOverMs } = await stage.until(`what ${project} uses`, async () => {
      const { resources } = (await stage.detail(project, 1)).deployment.measurements;
      return resources === null || resources.cpuCores === null ? null : { ...resources, cpuCores: resources.cpuCores };
    });
    assert.ok(cpuOverMs > 5_000 && cpuOverMs < 30_000, `${cpuOverMs} ms`);
    const own = instances * Number((await stage.visit(`${project}.localhost`)).body);
    // Over another time, and while others work too.
    assert.ok(cpuCores.average > own / 4 && cpuCores.average < own * 4, `${cpuCores.average} cores of ${own}`);
    assert.ok(cpuCores.max >= cpuCores.average);
    assert.ok(
      memoryBytes.average > instances * 50e6 && memoryBytes.max < instances * 200e6,
      `${memoryBytes.max} bytes`,
    );
  }
  assert.equal((await stage.detail('observed', 1)).observation?.outcome, 'passed');
});
