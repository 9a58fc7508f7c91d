import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stableOnly } from '../../src/domain/route.ts';
import { query } from '../../src/drivers/router/haproxy/cli-socket.ts';
import { routerPaths } from '../../src/drivers/router/haproxy/options.ts';
import { startHaproxy, until } from '../harness/haproxy.ts';
import { send, sendRaw, startApp } from '../harness/haproxy-app.ts';
import { httpVisitors } from '../harness/haproxy-visitors.ts';
import { routerConformance, server, type RouterUnderTest } from './router.ts';
import { routerAsleepConformance } from './router-asleep.ts';
import { routerGuardsConformance } from './router-guards.ts';
import { routerFallbackConformance } from './router-fallback.ts';
import { routerModesConformance } from './router-modes.ts';
import { routerOutcomesConformance } from './router-outcomes.ts';

const signal = () => AbortSignal.timeout(20_000);

async function use(work: (under: RouterUnderTest) => Promise<void>): Promise<void> {
  await using running = await startHaproxy();
  const kill = async () => void process.kill(await running.pid('worker'), 'SIGKILL');
  const { router, port } = running;
  await work({ router, reopen: () => running.reopen(), kill, ...httpVisitors(port) });
}

describe('the HAProxy router', () => {
  routerConformance(use);
  routerModesConformance(use);
  routerAsleepConformance(use);
  routerOutcomesConformance(use);
  routerFallbackConformance(use);
  routerGuardsConformance(use);

  test('rule 5.2: after the hold time a request gets the 503 page', async () => {
    await using running = await startHaproxy({ holdSeconds: 2 });
    await running.router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'held' }, signal());
    const began = performance.now();
    const answer = await send(running.port, 'a.localhost');
    const waited = performance.now() - began;
    // Whole seconds of the router's clock.
    assert.ok(waited > 950 && waited < 3_500, `${waited} ms`);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '5');
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  test('rule 5.2: who has left while requests were held keeps nobody waiting later on', async () => {
    await using running = await startHaproxy();
    await using app = await startApp('a');
    const { router } = running;
    await router.addServer(1, server(app), signal());
    const to = (mode: 'held' | 'serve') => router.setRoute(['a.localhost'], { ...stableOnly(1), mode }, signal());
    await to('held');
    const { open } = httpVisitors(running.port);
    const visitors = Array.from({ length: 900 }, () => open('a.localhost'));
    const connections = async () => {
      const [told = ''] = await query(routerPaths(running.dir).socket, ['show info'], signal());
      return Number(/^CurrConns: (\d+)$/m.exec(told)?.[1]);
    };
    await until('all of them wait', async () => (await connections()) >= visitors.length, 10_000);
    for (const visitor of visitors) visitor.leave();
    await until('all of them have left', async () => (await connections()) < 10, 10_000);
    const wait = async () => {
      await to('held');
      const answer = send(running.port, 'a.localhost');
      await sleep(60);
      await to('serve');
      const began = performance.now();
      assert.equal((await answer).status, 200);
      return performance.now() - began;
    };
    // With 900 who wait everybody looks every 250 ms or more.
    const waits: number[] = [];
    await until('nobody looks for them any more', async () => {
      waits.push(await wait());
      return waits.length > 3 && Math.max(...waits.slice(-4)) < 100;
    });
  });

  test('rule 6: after the hold time a request to what sleeps is told that it is starting', async () => {
    await using running = await startHaproxy({ holdSeconds: 1 });
    await running.router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'asleep' }, signal());
    const answer = await send(running.port, 'a.localhost');
    assert.deepEqual(
      [answer.status, answer.headers['retry-after'], answer.headers['cache-control']],
      [503, '5', 'no-store'],
    );
    assert.match(answer.body, /is starting/);
  });

  test('rule 6: at most 500 requests wait for one host that sleeps; who leaves makes room', async () => {
    await using running = await startHaproxy();
    await using app = await startApp('a');
    await running.router.addServer(1, server(app), signal());
    await running.router.setRoute(['a.localhost', 'b.localhost'], { ...stableOnly(1), mode: 'asleep' }, signal());
    const { open } = httpVisitors(running.port);
    const waiting = Array.from({ length: 510 }, () => open('a.localhost'));
    let turnedAway = 0;
    for (const { answered } of waiting)
      answered.then(
        () => (turnedAway += 1),
        () => undefined,
      );
    await until('those above are turned away', () => turnedAway === 10);
    const other = send(running.port, 'b.localhost');
    for (const one of waiting.slice(0, 100)) one.leave();
    await sleep(500);
    const late = send(running.port, 'a.localhost');
    await running.router.setRoute(['a.localhost', 'b.localhost'], stableOnly(1), signal());
    assert.deepEqual([(await late).status, (await other).status], [200, 200]);
    for (const one of waiting) one.leave();
  });

  test('rule 5.2: HAProxy without Lua answers held requests with 503 and Retry-After: 1', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'cutover-test-lua-'));
    const haproxyBin = join(directory.path, 'haproxy');
    const script = `#!/bin/sh\nif [ "$1" = -vv ]; then haproxy -vv | sed s/+LUA/-LUA/; else exec haproxy "$@"; fi\n`;
    await writeFile(haproxyBin, script, { mode: 0o755 });
    await using running = await startHaproxy({ haproxyBin });
    assert.doesNotMatch(await readFile(join(running.dir, 'haproxy.cfg'), 'utf8'), /lua/);
    await using app = await startApp('a');
    await running.router.addServer(1, server(app), signal());
    await running.router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'held' }, signal());
    const answer = await send(running.port, 'a.localhost');
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1']);
    await running.router.setRoute(['a.localhost'], stableOnly(1), signal());
    assert.equal((await send(running.port, 'a.localhost')).status, 200);
  });

  test('the supervisor starts HAProxy again when its master is killed, and never two', async () => {
    await using running = await startHaproxy();
    await using app = await startApp('a');
    await running.router.addServer(1, server(app), signal());
    await running.router.setRoute(['a.localhost'], stableOnly(1), signal());
    const master = await running.pid('master');
    process.kill(master, 'SIGKILL');
    const began = performance.now();
    await until('it serves again', () =>
      send(running.port, 'a.localhost').then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    assert.ok(performance.now() - began < 1_500);
    assert.notEqual(await running.pid('master'), master);
  });

  test('HAProxy that outlived its killed supervisor goes on serving and is supervised again', async () => {
    await using running = await startHaproxy();
    const supervisor = Number(await readFile(join(running.dir, 'router.pid'), 'utf8'));
    const worker = await running.pid('worker');
    process.kill(supervisor, 'SIGKILL');
    await until('the supervisor is gone', () => cmdline(supervisor).then((text) => text === ''));
    const again = await running.reopen();
    await again.ensureRunning(signal());
    assert.equal(await running.pid('worker'), worker);
    process.kill(await running.pid('master'), 'SIGKILL');
    await until('another worker answers', () =>
      running.pid('worker').then(
        (pid) => pid !== worker,
        () => false,
      ),
    );
  });

  test('X-Forwarded-* and X-Cutover-* of clients are not believed', async () => {
    await using running = await startHaproxy();
    await using app = await startApp('a');
    await running.router.addServer(1, server(app), signal());
    await running.router.setRoute(['a.localhost'], stableOnly(1), signal());
    const headers = {
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil',
      'x-forwarded-port': '1',
      forwarded: 'for=6.6.6.6',
      'x-cutover-bundle': 'f'.repeat(64),
      'x-cutover-spa': '1',
      'X-Cutover-Other': '1',
      upgrade: 'h2c',
      connection: 'upgrade',
    };
    const seen = JSON.parse((await send(running.port, 'a.localhost', { headers })).body).headers;
    assert.equal(seen['x-forwarded-for'], '127.0.0.1');
    assert.equal(seen['x-forwarded-proto'], 'http');
    assert.equal(seen['x-forwarded-host'], 'a.localhost');
    for (const name of [
      'x-forwarded-port',
      'forwarded',
      'x-cutover-bundle',
      'x-cutover-spa',
      'x-cutover-other',
      'upgrade',
    ]) {
      assert.equal(seen[name], undefined, name);
    }
  });

  test('rule 5.10: only a slot with a bundle tells the static server which, whatever the client says', async () => {
    await using running = await startHaproxy();
    await using files = await startApp('static', { path: join(running.dir, 'static.sock') });
    const bundle = '0123456789abcdef'.repeat(4);
    await running.router.addServer(1, { kind: 'static', name: 'static', bundle, spa: true }, signal());
    await running.router.setRoute(['s.localhost'], stableOnly(1), signal());
    const headers = { 'x-cutover-bundle': 'f'.repeat(64), 'x-cutover-spa': '0' };
    const seen = JSON.parse((await send(running.port, 's.localhost', { headers })).body);
    assert.equal(seen.name, files.name);
    assert.equal(seen.headers['x-cutover-bundle'], bundle);
    assert.equal(seen.headers['x-cutover-spa'], '1');
    assert.equal((await running.router.snapshot(signal())).servers[0]?.endpoint, `static:${bundle}`);
    await using app = await startApp('a');
    await running.router.removeRoute(['s.localhost'], signal());
    await running.router.clearSlot(1, signal());
    await running.router.addServer(1, server(app), signal());
    await running.router.setRoute(['s.localhost'], stableOnly(1), signal());
    const later = JSON.parse((await send(running.port, 's.localhost', { headers })).body);
    assert.equal(later.headers['x-cutover-bundle'], undefined);
  });

  test('malformed requests never reach an app as they are', async () => {
    await using running = await startHaproxy();
    await using app = await startApp('a');
    await running.router.addServer(1, server(app), signal());
    await running.router.setRoute(['a.localhost'], stableOnly(1), signal());
    const refused = [
      'GET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.0\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a.localhost\r\nHost: b.localhost\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a.localhost\r\nX-A: a\0b\r\n\r\n',
      'GET http://b.localhost/ HTTP/1.1\r\nHost: a.localhost\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
      'POST / HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: x\r\n\r\nhello',
    ];
    for (const bytes of refused) {
      const answer = await sendRaw(running.port, bytes);
      assert.match(answer, /^HTTP\/1\.1 400 /, JSON.stringify(bytes));
      assert.match(answer, /cache-control: no-/i);
    }
    assert.equal(app.seen(), 0);
    const both =
      'POST / HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a.localhost\r\n\r\n';
    const answer = await sendRaw(running.port, both);
    assert.doesNotMatch(answer, /content-length: 5/i);
    assert.match(answer, /connection: close/i);
    assert.equal(app.seen(), 1);
  });

  test('a port that somebody else has is named', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await assert.rejects(
        startHaproxy({ binds: [`127.0.0.1:${port}`] }),
        (error: { code?: string; message: string }) => {
          assert.equal(error.code, 'port_in_use');
          assert.match(error.message, new RegExp(`port ${port} `));
          return true;
        },
      );
    } finally {
      other.close();
    }
  });

  test('calls fail with router_unavailable when there is no router', async () => {
    const running = await startHaproxy();
    await running[Symbol.asyncDispose]();
    await assert.rejects(running.router.ping(signal()), { code: 'router_unavailable' });
  });
});

async function cmdline(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}
