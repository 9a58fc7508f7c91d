import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { baseImage } from '../harness/images.ts';
import {
  base,
  build,
  cleanImagesAfterwards,
  docker,
  dockerfilePlan,
  failure,
  requestFor,
  run,
  runLabel,
  temporaryDirectory,
  until,
} from './builder-harness.ts';

/** What a build can reach: rule 3.4 and section 10 of the specification. */
describe('the BuildKit builder: what a step can reach', () => {
  cleanImagesAfterwards();

  it('is not the control plane: what listens on loopback of the machine is not there, nor at the address of the machine', async (t) => {
    await baseImage('static');
    const server = createServer((_request, response) => response.end('the control plane'));
    t.after(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const machine = "$(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p')";
    const answers = await attempts(t, [`http://127.0.0.1:${port}/`, `http://${machine}:${port}/`]);
    assert.deepEqual(answers, ['unreachable', 'unreachable']);
  });

  it('is no app: it is on another network', async (t) => {
    const address = await startApp(t);
    assert.deepEqual(await attempts(t, [`http://${address}:8080/`]), ['unreachable']);
  });

  it('is no network of the machine, also where a Dockerfile asks for it', async (t) => {
    const plan = dockerfilePlan([`FROM ${base}`, `RUN --network=host echo ${randomUUID()}`]);
    const error = await failure(requestFor(await temporaryDirectory(t), plan));
    assert.match(error.message, /network\.host is not allowed|unknown flag: network/i);
  });

  it("is no socket of Docker Engine, and nothing of the platform's environment", async (t) => {
    const plan = dockerfilePlan([`FROM ${base}`, `RUN ls -A /run /var/run /sys/fs/cgroup; env; : ${randomUUID()}`]);
    const { lines } = await build(requestFor(await temporaryDirectory(t), plan));
    const told = lines.filter(({ stream }) => stream === 'stdout').map(({ text }) => text);
    assert.ok(told.some((line) => line.startsWith('PATH=')));
    assert.deepEqual(
      told.filter((line) => /docker\.sock|CUTOVER|DATABASE_URL/.test(line)),
      [],
    );
  });
});

describe('the BuildKit builder: what a step can leave for others', () => {
  cleanImagesAfterwards();

  it('in a cache is for builds of the same scope, whatever a Dockerfile calls the cache', async (t) => {
    const [own, other] = [randomUUID(), randomUUID()];
    const seen = async (cacheScope: string, mount: string, also = 'true') => {
      const step = `RUN --mount=type=cache,${mount},target=/shared : ${randomUUID()}; ls /shared; ${also}`;
      const request = requestFor(await temporaryDirectory(t), dockerfilePlan([`FROM ${base}`, step]), { cacheScope });
      return (await build(request)).lines.filter(({ stream }) => stream === 'stdout').map(({ text }) => text);
    };
    await seen(own, 'id=npm', 'touch /shared/poison');
    assert.deepEqual(await seen(own, 'id=npm'), ['poison']);
    assert.deepEqual(await seen(other, 'id=npm'), []);
    assert.deepEqual(await seen(other, `id=${own}/npm`), [], 'also where the scope of the other is known');
  });
});

/** Fails where a step could not ask anybody. */
const itself = 'httpd -p 127.0.0.1:9 -h /etc && wget -q -O /dev/null http://127.0.0.1:9/hosts';

/** What a step gets from each address: the text, or `unreachable`. */
async function attempts(t: TestContext, urls: readonly string[]): Promise<readonly string[]> {
  const tries = urls.map((url) => `wget -T 2 -q -O - "${url}" 2>/dev/null || echo unreachable`);
  const plan = dockerfilePlan([`FROM ${base}`, `RUN : ${randomUUID()}; ${itself} && { ${tries.join('; ')}; }`]);
  const { lines } = await build(requestFor(await temporaryDirectory(t), plan));
  return lines.filter(({ stream }) => stream === 'stdout').map(({ text }) => text);
}

/** An app on a network of its own, as the platform starts them; resolves to its address. */
async function startApp(t: TestContext): Promise<string> {
  const labels = { [runLabel]: run };
  const network = await docker.createNetwork({
    Name: `cutover-test-builder-${randomUUID().slice(0, 8)}`,
    Labels: labels,
  });
  const container = await docker.createContainer({
    Image: base,
    Cmd: ['httpd', '-f', '-p', '8080', '-h', '/etc'],
    Labels: labels,
    HostConfig: { NetworkMode: network.id },
  });
  t.after(async () => {
    await container.remove({ force: true });
    await network.remove();
  });
  await container.start();
  const [found] = Object.values((await container.inspect()).NetworkSettings.Networks);
  const address = found?.IPAddress ?? assert.fail('the container has no address');
  const answers = () => fetch(`http://${address}:8080/hosts`, { signal: AbortSignal.timeout(2_000) });
  await until('the app to answer the machine', () => answers().catch(() => null));
  return address;
}
