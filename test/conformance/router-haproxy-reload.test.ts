import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { appendFile, mkdtempDisposable, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sharedRoute, stableOnly } from '../../src/domain/route.ts';
import type { HaproxyRouter } from '../../src/drivers/router/haproxy/haproxy-router.ts';
import { readLiveState, toSnapshot } from '../../src/drivers/router/haproxy/live-state.ts';
import { routerPaths } from '../../src/drivers/router/haproxy/options.ts';
import { addressedWorker, readMaster } from '../../src/drivers/router/haproxy/workers.ts';
import { startHaproxy, until, type RunningRouter } from '../harness/haproxy.ts';
import { openWebSocket, send, startApp, type TestApp } from '../harness/haproxy-app.ts';
import { server } from './router.ts';

const signal = () => AbortSignal.timeout(20_000);
const hosts = ['a.localhost', 'b.localhost'];
const bundle = '0123456789abcdef'.repeat(4);

type Apps = readonly [TestApp, TestApp];
type Change = (router: HaproxyRouter, apps: Apps) => Promise<void>;

const changes: Readonly<Record<string, Change>> = {
  'a host that leads elsewhere': (router) => router.setRoute(['a.localhost'], stableOnly(2), signal()),
  'a host with a share': (router) => router.setRoute(['a.localhost'], sharedRoute(1, 2, 50), signal()),
  'a host that is held': (router) => router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'held' }, signal()),
  'a host that is new': (router) => router.setRoute(['c.localhost'], stableOnly(2), signal()),
  'a host that is gone': (router) => router.removeRoute(['a.localhost'], signal()),
  'a server that is new': (router, [app]) => router.addServer(3, server(app), signal()),
  'a server with another address': (router, [, app]) => router.addServer(1, server(app), signal()),
  'a server that is drained': (router) => router.drainServer(1, 'i1', signal()),
  'a server that is resumed': (router) => router.resumeServer(2, 'i2', signal()),
  'a server that is removed': (router) => router.removeServer(2, 'i1', signal()),
  'a bundle': (router) => router.addServer(4, { kind: 'static', name: 'static', bundle, spa: true }, signal()),
  'a slot that is emptied': (router) => router.clearSlot(2, signal()),
  'a slot that is emptied once its hosts have left': async (router) => {
    await router.setRoute(hosts, stableOnly(2), signal());
    await router.clearSlot(1, signal());
  },
  'hosts that go there and back': async (router) => {
    for (const slot of [2, 1, 2]) await router.setRoute(hosts, stableOnly(slot), signal());
  },
};

describe('HAProxy is reloaded by somebody else, and something changes once its next worker has read the files', () => {
  const opened = new AsyncDisposableStack();
  let slow: SlowToReload;
  let apps: Apps;
  before(async () => {
    slow = opened.use(await startSlowToReload());
    apps = [opened.use(await startApp('first')), opened.use(await startApp('second'))];
  });
  after(() => opened.disposeAsync());

  for (const [what, change] of Object.entries(changes)) {
    test(`rule 5.9: every worker has ${what}`, async () => {
      const { running } = slow;
      await prepare(running, apps);
      const was = await asSaved(running);
      // The worker that is replaced stays as long as it has a connection.
      const kept = await openWebSocket(running.port, 'kept.localhost');
      const replaced = await running.pid('worker');
      await slow.reload();
      await change(running.router, apps);
      const saved = await asSaved(running);
      assert.notDeepEqual(saved, was, 'something has changed');
      const workers = await untilReplaced(running, replaced);
      assert.ok(workers.length > 1 && workers.includes(replaced));
      const [current = 0] = workers;
      assert.deepEqual(await asIn(running, current), saved);
      // It passes on what it is still asked.
      assert.deepEqual((await asIn(running, replaced)).routes, saved.routes);
      kept.terminate();
    });
  }

  test('rule 5.9: no visitor is sent to a slot that is emptied', async () => {
    const { running } = slow;
    await prepare(running, apps);
    await slow.reload();
    await running.router.setRoute(hosts, stableOnly(2), signal());
    await running.router.clearSlot(1, signal());
    const end = performance.now() + 2 * stallMs;
    while (performance.now() < end) {
      const { status, body } = await send(running.port, 'a.localhost');
      assert.deepEqual([status, JSON.parse(body).name], [200, 'second']);
    }
  });
});

describe('an old worker of HAProxy stays because somebody is still connected to it', () => {
  test('rule 5.9: everything can be changed, also in slots that it does not have', () =>
    withOldWorker(async ({ router, port }) => {
      await using first = await startApp('first');
      await using second = await startApp('second');
      await router.addServer(1, server(first), signal());
      await router.setRoute(hosts, stableOnly(1), signal());
      await router.grow(40, signal());
      for (const [from, to, app] of [
        [1, 30, second],
        [30, 2, first],
        [2, 31, second],
      ] as const) {
        await router.addServer(to, server(app), signal());
        await router.setRoute(hosts, stableOnly(to), signal());
        await router.drainServer(from, 'i1', signal());
        assert.equal(await router.inFlight(from, null, signal()), 0);
        await router.counters(to, signal());
        await router.removeServer(from, 'i1', signal());
        await router.clearSlot(from, signal());
        assert.equal(JSON.parse((await send(port, 'a.localhost')).body).name, app.name);
      }
    }));

  test('rule 5.4: what is asked on a connection to it is answered by what serves now, as any other visitor is', () =>
    withOldWorker(async ({ router, port }, visitor) => {
      const first = await startApp('first');
      await using second = await startApp('second');
      await router.addServer(1, server(first), signal());
      await router.setRoute(hosts, stableOnly(1), signal());
      assert.equal(JSON.parse((await send(port, 'a.localhost', { agent: visitor })).body).name, 'first');
      await router.grow(40, signal());
      await router.addServer(30, server(second), signal());
      await router.setRoute(hosts, stableOnly(30), signal());
      await router.clearSlot(1, signal());
      await first[Symbol.asyncDispose]();
      const sent = { agent: visitor, headers: { 'x-forwarded-for': '6.6.6.6' } };
      const answer = await send(port, 'a.localhost', sent);
      assert.equal(answer.headers.connection, 'close', 'it came on the old connection, which is closed after it');
      const { name, headers } = JSON.parse(answer.body);
      assert.equal(name, 'second');
      assert.deepEqual([headers['x-forwarded-for'], headers['x-forwarded-host']], ['127.0.0.1', 'a.localhost']);
    }));
});

describe('the master does not answer, though its worker does', () => {
  test('rule 5.9: it hangs, and visitors are moved all the same, there and back, also once it answers again', () =>
    withTwoVersions(async (running) => {
      const master = await running.pid('master');
      process.kill(master, 'SIGSTOP');
      try {
        for (const [slot, name] of [
          [2, 'second'],
          [1, 'first'],
        ] as const) {
          await running.router.setRoute(['a.localhost'], stableOnly(slot), signal());
          assert.equal(await leadsTo(running), name);
        }
      } finally {
        process.kill(master, 'SIGCONT');
      }
      await running.router.setRoute(['a.localhost'], stableOnly(2), signal());
      assert.equal(await leadsTo(running), 'second');
      assert.deepEqual(await asIn(running, await running.pid('worker')), await asSaved(running));
    }));

  test('rule 5.9: its socket is gone, and a control plane that is started anew works', () =>
    withTwoVersions(async (running) => {
      await rm(routerPaths(running.dir).masterSocket);
      const again = await running.reopen();
      await again.ensureRunning(signal());
      await again.setRoute(['a.localhost'], stableOnly(2), signal());
      assert.equal(await leadsTo(running), 'second');
    }));
});

test('rule 5.9: an old worker that hangs keeps nobody from deploying', () =>
  withOldWorker(async (running) => {
    const old = await running.pid('worker');
    await running.router.grow(40, signal());
    await using app = await startApp('new');
    process.kill(old, 'SIGSTOP');
    try {
      await running.router.addServer(30, server(app), signal());
      await running.router.setRoute(['a.localhost'], stableOnly(30), signal());
      assert.equal(await leadsTo(running), 'new');
    } finally {
      process.kill(old, 'SIGCONT');
    }
  }));

async function leadsTo({ port }: RunningRouter): Promise<string> {
  return JSON.parse((await send(port, 'a.localhost')).body).name;
}

async function withTwoVersions(work: (running: RunningRouter) => Promise<void>): Promise<void> {
  await using running = await startHaproxy();
  await using first = await startApp('first');
  await using second = await startApp('second');
  await running.router.addServer(1, server(first), signal());
  await running.router.addServer(2, server(second), signal());
  await running.router.setRoute(['a.localhost'], stableOnly(1), signal());
  await work(running);
}

async function withOldWorker(work: (running: RunningRouter, visitor: Agent) => Promise<void>): Promise<void> {
  await using running = await startHaproxy();
  await using app = await startApp('kept');
  await running.router.addServer(5, server(app), signal());
  await running.router.setRoute(['kept.localhost'], stableOnly(5), signal());
  const kept = await openWebSocket(running.port, 'kept.localhost');
  const visitor = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await work(running, visitor);
  } finally {
    kept.terminate();
    visitor.destroy();
  }
}

const stallMs = 150;

interface SlowToReload extends AsyncDisposable {
  readonly running: RunningRouter;
  /** Resolves when the configuration has been read. */
  readonly reload: () => Promise<void>;
}

/** A reload takes its time just between two moments: when the configuration and its maps have been read, and when the worker is there. */
async function startSlowToReload(): Promise<SlowToReload> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'cutover-test-reload-'));
  const hasRead = join(directory.path, 'has-read');
  const running = await startHaproxy({ threads: 1 });
  const stall = `core.register_init(function()
    io.open('${hasRead}', 'w'):close()
    local began = os.clock()
    while os.clock() - began < ${stallMs / 1000} do end
  end)`;
  await appendFile(join(running.dir, 'hold.lua'), `\n${stall}\n`);
  return {
    running,
    reload: async () => {
      await rm(hasRead, { force: true });
      process.kill(await running.pid('master'), 'SIGUSR2');
      await until('the configuration has been read', () => isThere(hasRead));
    },
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await directory.remove();
    },
  };
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Apps in slots 1 and 2, of which the first one serves both hosts; nothing in slots 3 and 4. */
async function prepare({ router }: RunningRouter, apps: Apps): Promise<void> {
  await router.removeRoute(['c.localhost'], signal());
  for (const slot of [3, 4]) await router.clearSlot(slot, signal());
  for (const [index, app] of apps.entries()) await router.addServer(index + 1, server(app), signal());
  await router.addServer(2, server(apps[0], { name: 'i2', redundancy: 'one-of-many' }), signal());
  await router.drainServer(2, 'i2', signal());
  await router.setRoute(hosts, stableOnly(1), signal());
  await router.addServer(5, server(apps[0]), signal());
  await router.setRoute(['kept.localhost'], stableOnly(5), signal());
}

/** Resolves to all workers, once there is another one. */
async function untilReplaced(running: RunningRouter, replaced: number): Promise<readonly number[]> {
  const paths = routerPaths(running.dir);
  let workers: readonly number[] = [];
  await until('there is another worker', async () => {
    const { current, old } = await readMaster(paths, signal()).catch(() => ({ current: null, old: [] }));
    workers = current === null ? old : [current, ...old];
    return current !== null && current !== replaced;
  });
  return workers;
}

type Snapshot = Awaited<ReturnType<HaproxyRouter['snapshot']>>;

async function asIn(running: RunningRouter, pid: number) {
  const paths = routerPaths(running.dir);
  const live = toSnapshot(await readLiveState(addressedWorker(paths, pid), paths, signal()));
  return told(live);
}

interface SavedServer {
  readonly slot: number;
  readonly server: { readonly name: string; readonly address?: string; readonly port?: number };
  readonly draining: boolean;
}

/** What a worker that begins now would have. */
async function asSaved({ dir }: RunningRouter) {
  const { routes, guards, servers } = JSON.parse(await readFile(routerPaths(dir).state, 'utf8'));
  return told({
    routes: new Map(routes),
    guards: new Map(guards),
    servers: servers.map(({ slot, server: { name, address, port }, draining }: SavedServer) => ({
      slot,
      name,
      endpoint: address === undefined ? `static:${bundle}` : `${address}:${port}`,
      draining,
    })),
  });
}

/** Out of rotation are those that are drained, and those that are gone but for what they have yet to answer. */
function told({ routes, servers }: Snapshot) {
  return {
    routes: Object.fromEntries(routes),
    servers: servers
      .filter(({ draining }) => !draining)
      .map(({ slot, name, endpoint }) => `${slot}/${name} ${endpoint}`)
      .toSorted(),
  };
}
