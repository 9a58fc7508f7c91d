import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedRoute, stableOnly } from '../../src/domain/route.ts';
import { command, query } from '../../src/drivers/router/haproxy/cli-socket.ts';
import { routerPaths } from '../../src/drivers/router/haproxy/options.ts';
import { passwordVerifier } from '../../src/engine/previews/visitor-password.ts';
import { startHaproxy, until } from '../harness/haproxy.ts';
import { send, startApp } from '../harness/haproxy-app.ts';
import { server } from './router.ts';
import { listen } from './router-asleep.ts';

const signal = () => AbortSignal.timeout(20_000);
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

test('rule 6: visitors of a guarded host give its password, the app is not told it, and others are asked for nothing', async () => {
  await using running = await startHaproxy();
  await using app = await startApp('a');
  const { router, port, dir } = running;
  await router.addServer(1, server(app), signal());
  const password = passwordVerifier('correct horse');
  await router.setGuard(['pr-1.localhost'], { noindex: true, password }, signal());
  await router.setGuard(['pr-2.localhost'], { noindex: true, password: null }, signal());
  await router.setRoute(['pr-1.localhost', 'pr-2.localhost', 'open.localhost'], stableOnly(1), signal());
  const ask = (host: string, headers: Record<string, string> = {}) => send(port, host, { headers });

  const unasked = await ask('pr-1.localhost');
  assert.equal(unasked.status, 401);
  assert.match(unasked.headers['www-authenticate'] ?? '', /^Basic realm="Preview"$/);
  for (const [user, given] of [
    ['preview', 'wrong horse'],
    ['preview', ''],
    ['admin', 'correct horse'],
  ] as const) {
    assert.equal((await ask('pr-1.localhost', basic(user, given))).status, 401);
  }
  assert.equal((await ask('pr-1.localhost', { authorization: 'Basic' })).status, 401);
  const inside = await ask('pr-1.localhost', basic('preview', 'correct horse'));
  assert.equal(inside.status, 200);
  assert.equal(inside.headers['x-robots-tag'], 'noindex');
  assert.equal(JSON.parse(inside.body).headers.authorization, undefined);

  const noindex = await ask('pr-2.localhost', { authorization: 'Bearer of-the-app' });
  assert.deepEqual([noindex.status, noindex.headers['x-robots-tag']], [200, 'noindex']);
  assert.equal(JSON.parse(noindex.body).headers.authorization, 'Bearer of-the-app');
  // One request in sixteen is looked at more closely, and still asked for nothing.
  for (let index = 0; index < 64; index += 1) {
    const open = await ask('open.localhost');
    assert.deepEqual([open.status, open.headers['x-robots-tag']], [200, undefined]);
  }

  const files = await Promise.all((await readdir(dir)).filter(isText).map((name) => readFile(join(dir, name), 'utf8')));
  for (const text of files) assert.doesNotMatch(text, /correct horse/);
});

function isText(name: string): boolean {
  return /\.(?:cfg|map|json|lua|log)$/.test(name);
}

test('rule 6: a guard is in force with every kind of route, and the moment it is changed', async () => {
  await using running = await startHaproxy();
  await using app = await startApp('a');
  const { router, port } = running;
  await router.addServer(1, server(app), signal());
  await router.addServer(2, server(app), signal());
  const guard = { noindex: true, password: passwordVerifier('correct horse') };
  await router.setGuard(['a.localhost'], guard, signal());
  const status = async (password: string) =>
    (await send(port, 'a.localhost', { headers: basic('preview', password) })).status;
  for (const target of [stableOnly(1), sharedRoute(1, 2, 50), { ...stableOnly(2), observed: true }]) {
    await router.setRoute(['a.localhost'], target, signal());
    assert.equal((await send(port, 'a.localhost')).status, 401);
    assert.equal(await status('correct horse'), 200);
  }
  await router.setRoute(['a.localhost'], { ...stableOnly(1), mode: 'paused' }, signal());
  assert.deepEqual([(await send(port, 'a.localhost')).status, await status('correct horse')], [401, 503]);
  await router.setRoute(['a.localhost'], stableOnly(1), signal());
  await router.setGuard(['a.localhost'], { ...guard, password: passwordVerifier('another horse') }, signal());
  assert.deepEqual([await status('correct horse'), await status('another horse')], [401, 200]);
  await router.setGuard(['a.localhost'], null, signal());
  const open = await send(port, 'a.localhost');
  assert.deepEqual([open.status, open.headers['x-robots-tag']], [200, undefined]);
});

test('rule 6: whoever does not give the password of a preview that sleeps is told at once, and wakes nobody', async () => {
  await using running = await startHaproxy();
  await using app = await startApp('a');
  const { router, port } = running;
  await router.addServer(1, server(app), signal());
  const guard = { noindex: true, password: passwordVerifier('correct horse') };
  await router.setGuard(['pr-1.localhost'], guard, signal());
  await router.setRoute(['pr-1.localhost'], { ...stableOnly(1), mode: 'asleep' }, signal());
  using heard = listen(router);
  for (const headers of [{}, basic('preview', 'wrong horse')])
    assert.equal((await send(port, 'pr-1.localhost', { headers })).status, 401);
  await sleep(500);
  assert.deepEqual(heard.hosts, []);
  const waiting = send(port, 'pr-1.localhost', { headers: basic('preview', 'correct horse') });
  await until('it is told of', () => heard.hosts.includes('pr-1.localhost'));
  await router.setRoute(['pr-1.localhost'], stableOnly(1), signal());
  assert.equal((await waiting).status, 200);
});

test('rule 6: who gave the password and waits while the router is reloaded is not asked for it again, and the app is not told it', async () => {
  await using running = await startHaproxy();
  await using app = await startApp('a');
  const { router, port } = running;
  await router.addServer(1, server(app), signal());
  await router.setGuard(['pr-1.localhost'], { noindex: true, password: passwordVerifier('correct horse') }, signal());
  await router.setRoute(['pr-1.localhost'], { ...stableOnly(1), mode: 'asleep' }, signal());
  using heard = listen(router);
  const headers = basic('preview', 'correct horse');
  const waiting = [1, 2].map(() => send(port, 'pr-1.localhost', { headers }));
  await until('it is told of', () => heard.hosts.includes('pr-1.localhost'));
  await router.grow(router.capacity() + 1, signal());
  await router.setRoute(['pr-1.localhost'], stableOnly(1), signal());
  for (const answer of [...(await Promise.all(waiting)), await send(port, 'pr-1.localhost', { headers })]) {
    assert.equal(answer.status, 200);
    assert.equal(JSON.parse(answer.body).headers.authorization, undefined);
  }
});

test('rule 6: while a guarded host comes, changes, goes or is read anew, no request passes that does not give its password', async () => {
  await using running = await startHaproxy();
  await using app = await startApp('a');
  const { router, port, dir } = running;
  await router.addServer(1, server(app), signal());
  const host = 'pr-1.localhost';
  const guard = { noindex: true, password: passwordVerifier('correct horse') };
  await router.setGuard([host], guard, signal());
  await router.setRoute([host], stableOnly(1), signal());
  const { hostsMap, specialMap, guardsMap, socket } = routerPaths(dir);
  const value = async (map: string) => {
    const [text = ''] = await query(socket, [`show map ${map}`], signal());
    return (
      text
        .split('\n')
        .find((line) => line.split(' ')[1] === host)
        ?.split(' ')[2] ?? ''
    );
  };
  const maps = [hostsMap, specialMap, guardsMap];
  const values = new Map(await Promise.all(maps.map(async (map) => [map, await value(map)] as const)));
  // As between any two commands, and where a new worker reads one file before it is written and another one after.
  for (let present = 0; present < 8; present += 1) {
    await command(
      socket,
      maps.map((map) => `clear map ${map}`),
      signal(),
    );
    const there = maps.filter((_, index) => (present >> index) % 2 === 1);
    await command(
      socket,
      there.map((map) => `add map ${map} ${host} ${values.get(map)}`),
      signal(),
    );
    // One request in sixteen is looked at more closely.
    const asked = await Promise.all(Array.from({ length: 128 }, () => send(port, host)));
    const names = there.map((map) => basename(map)).join(', ');
    assert.ok(
      !asked.some(({ status }) => status === 200),
      `a stranger is let in by ${names === '' ? 'no map' : names}`,
    );
  }
  assert.equal((await send(port, host, { headers: basic('preview', 'correct horse') })).status, 200);
});
