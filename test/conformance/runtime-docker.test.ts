import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDockerRuntime } from '../../src/drivers/runtime/docker/docker-runtime.ts';
import type { OutputChunk, Runtime } from '../../src/engine/ports/runtime.ts';
import { dockerSocket } from '../harness/images.ts';
import { createWorld, docker, dockerProxy, shell, silent } from './runtime-docker-world.ts';
import { runtimeConformance } from './runtime.ts';
import { instanceSpec, limit, rejectsWith, take } from './runtime-world.ts';

runtimeConformance('docker', createWorld);

test('4.1: the limits of an instance are really applied, and nothing it does not need is allowed', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const started = await world.runtime.start(
    {
      ...instanceSpec,
      imageId: world.imageId,
      command: world.command('serve'),
      cpuCores: 0.25,
      memoryMb: 48,
      stopGraceMs: 7_000,
    },
    limit(),
  );
  const {
    HostConfig: host,
    Config: config,
    NetworkSettings: network,
  } = await docker.getContainer(started.containerId).inspect();
  assert.equal(host.NanoCpus, 250_000_000);
  assert.equal(host.Memory, 48 * 1024 * 1024);
  assert.equal(host.MemorySwap, 48 * 1024 * 1024);
  assert.equal(host.PidsLimit, 1024);
  assert.deepEqual(host.CapDrop, ['ALL']);
  assert.ok(host.SecurityOpt?.includes('no-new-privileges'));
  assert.equal(host.Init, true);
  assert.equal(host.RestartPolicy?.Name, 'no');
  assert.ok(host.LogConfig?.Config?.['max-size']);
  assert.equal('StopTimeout' in config && config.StopTimeout, 7);
  assert.ok(config.Env?.includes('PORT=3000'));
  assert.deepEqual(Object.values(network.Ports).filter(Boolean), [], 'no port is published');
});

test('the kernel sees the limits: the processes cannot regain a dropped capability', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const script =
    "grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null";
  await world.runtime.start({ ...instanceSpec, imageId: world.imageId, command: shell(script), memoryMb: 48 }, limit());
  const [capabilities, privileges, memory] = await take(world.runtime.output('i1', null, limit()), 3);
  assert.equal(
    Number.parseInt(capabilities?.text.split(/\s+/)[1] ?? '', 16),
    0x4fb,
    'CHOWN … SETUID, NET_BIND_SERVICE',
  );
  assert.match(privileges?.text ?? '', /1$/);
  assert.equal(memory?.text, String(48 * 1024 * 1024));
});

test('an instance is labelled with everything that is needed to find its owner', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const spec = { ...instanceSpec, imageId: world.imageId, command: world.command('serve') };
  const { containerId } = await world.runtime.start(spec, limit());
  const { Config: config, Name: name } = await docker.getContainer(containerId).inspect();
  const labels = Object.entries(config.Labels).filter(
    ([label]) => label.startsWith('cutover.') && label !== 'cutover.recipe',
  );
  assert.deepEqual(Object.fromEntries(labels), {
    'cutover.platform': world.platformId,
    'cutover.project': 'shop',
    'cutover.environment': 'production',
    'cutover.deployment': 'deployment-1',
    'cutover.deployment-number': '1',
    'cutover.instance': 'i1',
    'cutover.process': 'web',
    'cutover.ordinal': '1',
    'cutover.port': '3000',
  });
  assert.ok(name.startsWith(`/cutover-${world.platformId}-shop-production-1-web-1-`), name);
});

test('what Docker cannot create or start is instance_start_failed in Docker’s words, and the container is removed', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const spec = { ...instanceSpec, imageId: world.imageId, command: world.command('serve') };
  await rejectsWith('instance_start_failed', world.runtime.start({ ...spec, cpuCores: 10_000 }, limit()), /CPUs/);
  await rejectsWith('instance_start_failed', world.runtime.start({ ...spec, project: 'other' }, limit()), /network/);
  assert.deepEqual(await world.runtime.list(limit()), []);
});

test('a command that does not exist is an exit with 127 whose last words name it', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  await world.runtime.start({ ...instanceSpec, imageId: world.imageId, command: ['no-such-program'] }, limit());
  // The output ends with the exit.
  const [words] = await take(world.runtime.output('i1', null, limit()), 100);
  assert.match(words?.text ?? '', /no-such-program/);
  assert.equal((await world.runtime.status('i1', limit()))?.exitCode, 127);
});

test('foreign containers are neither listed nor stopped', async () => {
  await using world = await createWorld();
  await using other = await createWorld();
  for (const { runtime } of [world, other]) await runtime.ensureNetwork('shop', limit());
  const spec = { ...instanceSpec, imageId: world.imageId, command: world.command('serve') };
  await other.runtime.start(spec, limit());
  assert.deepEqual(await world.runtime.list(limit()), []);
  assert.equal(await world.runtime.status('i1', limit()), null);
  await world.runtime.stop('i1', 1_000, limit());
  assert.equal((await other.runtime.status('i1', limit()))?.running, true);
});

test('6.11: an instance reaches its own project’s instances and no other project’s', async () => {
  await using world = await createWorld();
  await Promise.all(['shop', 'blog'].map((project) => world.runtime.ensureNetwork(project, limit())));
  const target = await world.runtime.start(
    { ...instanceSpec, imageId: world.imageId, command: world.command('serve') },
    limit(),
  );
  const fetchIt = `timeout 2 wget -O /dev/null http://${target.address}:3000/passwd && echo reached || echo unreachable`;
  const asked = { shop: 'reached', blog: 'unreachable' };
  for (const [project, expected] of Object.entries(asked)) {
    const caller = {
      ...instanceSpec,
      instanceId: `from-${project}`,
      project,
      imageId: world.imageId,
      command: shell(fetchIt),
    };
    await world.runtime.start(caller, limit());
    const chunks = await take(world.runtime.output(caller.instanceId, null, limit()), 5);
    const said = chunks.filter(({ stream }) => stream === 'stdout').map(({ text }) => text);
    assert.deepEqual(said, [expected], project);
  }
});

test('two that ensure the same network at once, also from two processes, get one, from the pool', async () => {
  await using world = await createWorld('10.212.0.0/24');
  const second = createDockerRuntime({
    socketPath: dockerSocket,
    platformId: world.platformId,
    networkPool: '10.212.0.0/24',
    log: silent,
  });
  await Promise.all([world.runtime, world.runtime, second].map((runtime) => runtime.ensureNetwork('shop', limit())));
  const networks = await docker.listNetworks({ filters: { label: [`cutover.platform=${world.platformId}`] } });
  assert.equal(networks.length, 1);
  assert.match(networks[0]?.IPAM?.Config?.[0]?.Subnet ?? '', /^10\.212\.0\.\d+\/26$/);
});

test('projects get subnets that do not overlap, until the pool is exhausted; a removed one is free again', async () => {
  await using world = await createWorld('10.213.0.0/25');
  await Promise.all(['a', 'b'].map((project) => world.runtime.ensureNetwork(project, limit())));
  await rejectsWith('network_exhausted', world.runtime.ensureNetwork('c', limit()), /10\.213\.0\.0\/25/);
  await world.runtime.removeNetwork('a', limit());
  await world.runtime.ensureNetwork('c', limit());
});

test('removing an image that is in use leaves it; the last tag takes an unused one away', async () => {
  await using world = await createWorld();
  await world.runtime.ensureNetwork('shop', limit());
  const name = `cutover-test-image-${world.platformId}`;
  const built = await docker.createContainer({
    Image: world.imageId,
    Labels: { 'cutover.platform': world.platformId },
  });
  const { Id: imageId } = (await built.commit({ repo: name, changes: 'EXPOSE 8080/tcp 9000/tcp 53/udp' })) as {
    Id: string;
  };
  await built.remove();
  assert.deepEqual((await world.runtime.inspectImage(name, limit()))?.exposedPorts, [8080, 9000]);
  await world.runtime.start({ ...instanceSpec, imageId, command: world.command('serve') }, limit());
  await world.runtime.removeImage(imageId, limit());
  assert.notEqual(await world.runtime.inspectImage(imageId, limit()), null);
  await world.runtime.stop('i1', 1_000, limit());
  await world.runtime.removeImage(imageId, limit());
  assert.equal(await world.runtime.inspectImage(imageId, limit()), null);
});

test('an engine that does not answer is runtime_unavailable, whatever is called', async () => {
  const runtime = createDockerRuntime({
    socketPath: '/tmp/cutover-test-no-docker.sock',
    platformId: 'none',
    networkPool: '10.211.0.0/16',
    log: silent,
  });
  const volume = { project: 'shop', environment: 'production', name: 'data' };
  const calls = [
    runtime.ping(limit()),
    runtime.ensureNetwork('shop', limit()),
    runtime.removeNetwork('shop', limit()),
    runtime.inspectImage('x', limit()),
    runtime.removeImage('x', limit()),
    runtime.start(instanceSpec, limit()),
    runtime.keepAlive('i1', limit()),
    runtime.status('i1', limit()),
    runtime.listeningPorts('i1', limit()),
    runtime.usage('i1', limit()),
    runtime.stop('i1', 1_000, limit()),
    runtime.list(limit()),
    runtime.exec({ instanceId: 'i1', command: ['true'], timeoutMs: 1_000 }, limit()),
    runtime.ensureVolume(volume, limit()),
    runtime.removeVolume(volume, limit()),
    runtime.volumes(limit()),
    take(runtime.output('i1', null, limit()), 1),
  ];
  await Promise.all(calls.map((call) => rejectsWith('runtime_unavailable', call, /no-docker\.sock/)));
});

test('after the connection to the engine broke, the events go on with relist', async () => {
  await using world = await createWorld();
  await using proxy = await dockerProxy();
  const runtime = createDockerRuntime({
    socketPath: proxy.socketPath,
    platformId: world.platformId,
    networkPool: '10.211.0.0/16',
    log: silent,
  });
  await world.runtime.ensureNetwork('shop', limit());
  const events = runtime.events(limit())[Symbol.asyncIterator]();
  assert.deepEqual((await events.next()).value, { type: 'relist' });
  proxy.cut();
  assert.deepEqual((await events.next()).value, { type: 'relist' });
  await world.runtime.start({ ...instanceSpec, imageId: world.imageId, command: world.command('serve') }, limit());
  assert.deepEqual((await events.next()).value, { type: 'started', instanceId: 'i1' });
  await events.return?.();
});

test('8: an instance whose restart Docker could not do, and has given up on, is brought back by keepAlive', async () => {
  await using world = await createWorld();
  const { runtime, imageId } = world;
  await runtime.ensureNetwork('shop', limit());
  const volumes = [{ name: 'data', path: '/data', access: 'shared', readOnly: false }] as const;
  const spec = { ...instanceSpec, imageId, command: world.command('flaky'), volumes };
  const { containerId } = await runtime.start(spec, limit());
  await runtime.keepAlive('i1', limit());
  const container = docker.getContainer(containerId);
  const directory = (await container.inspect()).Mounts[0]?.Source ?? '';
  await rename(directory, `${directory}-away`);
  try {
    await eventually(async () => (await container.inspect()).State.Error.includes(directory));
    const status = await runtime.status('i1', limit());
    assert.deepEqual([status?.running, status?.exitCode], [false, 1]);
    await rejectsWith('runtime_unavailable', runtime.keepAlive('i1', limit()), /no such file/);
  } finally {
    await rename(`${directory}-away`, directory);
  }
  await runtime.keepAlive('i1', limit());
  await eventually(async () => ((await runtime.status('i1', limit()))?.restarts ?? 0) >= 2);
});

test('a command whose connection breaks off still tells its exit code; without an engine it is runtime_unavailable', async () => {
  await using world = await createWorld();
  await using proxy = await dockerProxy();
  const { platformId, imageId } = world;
  const networkPool = '10.211.0.0/16';
  const runtime = createDockerRuntime({ socketPath: proxy.socketPath, platformId, networkPool, log: silent });
  await runtime.ensureNetwork('shop', limit());
  await runtime.start({ ...instanceSpec, imageId, command: world.command('serve') }, limit());
  const script = 'echo working; until [ -e /tmp/go ]; do sleep 0.1; done; exit 6';
  const running = runtime.exec({ instanceId: 'i1', command: shell(script), timeoutMs: 30_000 }, limit());
  await eventually(() => printsIn(world.runtime, world.errand('processes'), /until/));
  proxy.cut();
  await world.runtime.exec({ instanceId: 'i1', command: ['touch', '/tmp/go'], timeoutMs: 5_000 }, limit());
  assert.equal((await running).exitCode, 6);

  const cutOff = runtime.exec({ instanceId: 'i1', command: world.errand('hang'), timeoutMs: 30_000 }, limit());
  cutOff.catch(() => undefined);
  await eventually(() => printsIn(world.runtime, world.errand('processes'), /54321/));
  await proxy[Symbol.asyncDispose]();
  await rejectsWith('runtime_unavailable', cutOff);
});

test('an output that breaks off is runtime_unavailable, and goes on where it stopped', async () => {
  await using world = await createWorld();
  await using proxy = await dockerProxy();
  const { platformId, imageId } = world;
  const runtime = createDockerRuntime({
    socketPath: proxy.socketPath,
    platformId,
    networkPool: '10.211.0.0/16',
    log: silent,
  });
  await runtime.ensureNetwork('shop', limit());
  await runtime.start({ ...instanceSpec, imageId, command: world.command('chatter') }, limit());
  const seen: OutputChunk[] = [];
  const broken = (async () => {
    for await (const chunk of runtime.output('i1', null, limit())) {
      seen.push(chunk);
      if (seen.length === 400) proxy.cut();
    }
  })();
  await rejectsWith('runtime_unavailable', broken);
  const rest = await take(runtime.output('i1', seen[349]?.position ?? '', limit()), 50);
  assert.deepEqual(rest, seen.slice(350));
});

async function printsIn(runtime: Runtime, command: readonly string[], pattern: RegExp): Promise<boolean> {
  return pattern.test((await runtime.exec({ instanceId: 'i1', command, timeoutMs: 5_000 }, limit())).output);
}

async function eventually(look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await look())) {
    if (performance.now() > deadline) assert.fail('not seen within 20 s');
    await sleep(50);
  }
}
