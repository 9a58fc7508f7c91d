import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import { commitOf } from '../../src/domain/source.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const docker = new Docker();
const containersOf = (platform: string) =>
  docker.listContainers({ all: true, filters: { label: [`cutover.platform=${platform}`] } });

test('a commit becomes an image, a container, and traffic; the next one replaces it without a failed request', async () => {
  const repository = await stage.project('shop', answering('one'));
  const first = await stage.deploy('shop');
  assert.equal(first.deployment.state, 'completed', JSON.stringify(first.deployment.failure));
  assert.equal((await stage.visit('shop.localhost')).body, 'one');

  await repository.commit(answering('two'));
  const seen: string[] = [];
  let failed = 0;
  const done = new AbortController();
  const visitors = Array.from({ length: 6 }, async () => {
    while (!done.signal.aborted) {
      const answer = await stage
        .visit('shop.localhost')
        .catch((error: unknown) => ({ status: 0, body: String(error) }));
      if (answer.status === 200) seen.push(answer.body);
      else failed += 1;
    }
  });
  const second = await stage.deploy('shop');
  done.abort();
  await Promise.all(visitors);
  assert.equal(second.deployment.state, 'completed');
  assert.equal(failed, 0, `${failed} of ${seen.length} failed`);
  assert.equal(second.deployment.requests?.failed, 0);
  assert.ok((second.deployment.requests?.total ?? 0) > 10);
  assert.deepEqual(new Set(seen), new Set(['one', 'two']));
  assert.equal((await stage.visit('shop.localhost')).body, 'two');
  const replaced = await stage.detail('shop', first.deployment.number);
  assert.deepEqual([replaced.deployment.state, replaced.deployment.reason], ['stopped', 'replaced by #2']);
});

test('2.1 a deployment records its source, its artifact, its jobs and its timeline', async () => {
  const { deployment, jobs } = await stage.detail('shop', 2);
  assert.match(commitOf(deployment.source)?.sha ?? '', /^[0-9a-f]{40}$/);
  assert.equal(deployment.artifact?.type, 'image');
  assert.deepEqual(
    jobs.map(({ type, status }) => [type, status]),
    [
      ['DownloadRepoJob', 'success'],
      ['BuildImageJob', 'success'],
      ['DeployImageJob', 'success'],
      ['MarkDeploymentCompleteJob', 'success'],
    ],
  );
  const { entries } = await stage.must<{ entries: { event: { kind: string } }[] }>(
    'GET',
    '/api/projects/shop/deployments/2/timeline',
  );
  const kinds = entries.map(({ event }) => event.kind);
  for (const kind of [
    'source.resolved',
    'build.planned',
    'build.completed',
    'instance.starting',
    'gate.passed',
    'traffic.shifting',
    'draining',
    'drained',
    'removed',
    'complete',
  ]) {
    assert.ok(kinds.includes(kind), kind);
  }
});

test('a commit that was built before is not built again', async () => {
  const again = await stage.deploy('shop');
  const { entries } = await stage.must<{ entries: { event: { kind: string; reused?: boolean } }[] }>(
    'GET',
    `/api/projects/shop/deployments/${again.deployment.number}/timeline`,
  );
  assert.equal(entries.find(({ event }) => event.kind === 'build.completed')?.event.reused, true);
  assert.equal(again.deployment.state, 'completed');
});

test('3.5 the commit that was asked for is built, though the branch has moved on', async () => {
  const repository = await stage.project('pinned', answering('old'));
  const old = (await repository.git('rev-parse', 'main')).trim();
  await repository.commit(answering('new'));
  const deployed = await stage.deploy('pinned', { commit: old });
  assert.equal(commitOf(deployed.deployment.source)?.sha, old);
  assert.equal((await stage.visit('pinned.localhost')).body, 'old');
});

test('4.1 CPU and memory limits are those of the container', async () => {
  await stage.project('limited', answering('limited'), { cpuCores: 0.5, memoryMb: 200 });
  await stage.deploy('limited');
  const [container] = (await containersOf(stage.platform.platformId)).filter(
    ({ Labels }) => Labels['cutover.project'] === 'limited',
  );
  const { HostConfig, NetworkSettings } = await docker.getContainer(container?.Id ?? '').inspect();
  assert.deepEqual([HostConfig.NanoCpus, HostConfig.Memory], [5e8, 200 * 1024 * 1024]);
  assert.deepEqual(
    Object.values(NetworkSettings.Ports).filter((binding) => binding !== null),
    [],
    'no port is published',
  );
});

test('4.2 the environment wins over the project, and what the platform injects wins over both', async () => {
  await stage.project('configured', answering('configured'));
  await stage.must('PUT', '/api/projects/configured/variables', {
    variables: [
      { name: 'A', value: 'project', secret: false },
      { name: 'B', value: 'project', secret: true },
    ],
  });
  await stage.must('PUT', '/api/projects/configured/environments/production/variables', {
    variables: [{ name: 'A', value: 'environment', secret: false }],
  });
  await stage.deploy('configured');
  const env = JSON.parse((await stage.visit('configured.localhost', '/env')).body) as Record<string, string>;
  assert.deepEqual([env['A'], env['B']], ['environment', 'project']);
  assert.deepEqual(
    [env['CUTOVER_PROJECT'], env['CUTOVER_ENVIRONMENT'], env['CUTOVER_DEPLOYMENT'], env['PORT']],
    ['configured', 'production', '1', '3000'],
  );
  const { deployment, url } = await stage.detail('configured', 1);
  assert.match(commitOf(deployment.source)?.sha ?? '', /^[0-9a-f]{40}$/);
  assert.deepEqual(
    [env['CUTOVER_COMMIT'], env['CUTOVER_URL'], env['HOST']],
    [commitOf(deployment.source)?.sha, url, '0.0.0.0'],
  );
});

test('what clients say in X-Forwarded-* is not believed', async () => {
  const { body } = await stage.visit('shop.localhost', '/', {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
  });
  assert.equal(body, 'two');
  const headers = JSON.parse(
    (
      await stage.visit('pinned.localhost', '/headers', {
        'x-forwarded-for': '203.0.113.9',
        'x-forwarded-host': 'evil',
      })
    ).body,
  ) as Record<string, string>;
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-host'], 'pinned.localhost');
});

test('an unknown host gets a 404 that nobody may keep, never somebody’s app', async () => {
  const answer = await stage.visit('nobody.localhost');
  assert.equal(answer.status, 404);
  assert.match(String(answer.headers['cache-control']), /no-store/);
});

test('logs of instances are kept after the container is gone', async () => {
  const { instances } = await stage.detail('shop', 1);
  assert.equal(instances[0]?.phase, 'stopped');
  assert.match(await stage.log('shop', 1, instances[0].id), /listening as one/);
});

test('2.4 two triggers at once: one deploys, the other waits its turn or is superseded, and both end', async () => {
  const numbers = await Promise.all([stage.trigger('shop'), stage.trigger('shop'), stage.trigger('shop')]);
  const ended = await Promise.all(numbers.map((number) => stage.settle('shop', number)));
  const states = ended.map(({ deployment }) => deployment.state);
  assert.ok(
    states.every((state) => ['completed', 'stopped', 'cancelled'].includes(state)),
    states.join(),
  );
  assert.ok(states.includes('completed'), states.join());
  assert.equal((await stage.visit('shop.localhost')).status, 200);
});

test('a project that is deleted leaves nothing: no container, no network, no image, no route', async () => {
  await stage.project('gone', answering('gone'));
  const { deployment } = await stage.deploy('gone');
  await stage.must('DELETE', '/api/projects/gone');
  await stage.until('the project to be gone', async () => {
    const mine = (await containersOf(stage.platform.platformId)).filter(
      ({ Labels }) => Labels['cutover.project'] === 'gone',
    );
    const networks = await docker.listNetworks({
      filters: { label: [`cutover.platform=${stage.platform.platformId}`, 'cutover.project=gone'] },
    });
    const images = await docker.listImages({ filters: { label: [`cutover.deployment=${deployment.id}`] } });
    const route = await stage.visit('gone.localhost');
    return mine.length + networks.length + images.length === 0 && route.status === 404 ? true : null;
  });
  assert.equal((await stage.call('GET', '/api/projects/gone')).status, 404);
});
