import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedRoute, stableOnly, type RouteTarget } from '../../../src/domain/route.ts';
import { CounterBook } from '../../../src/drivers/router/haproxy/counter-book.ts';
import { parseRouteValue, routeValue } from '../../../src/drivers/router/haproxy/names.ts';
import { commandsForHost } from '../../../src/drivers/router/haproxy/runtime-commands.ts';
import { parseSessions } from '../../../src/drivers/router/haproxy/sessions.ts';
import { parseProcesses } from '../../../src/drivers/router/haproxy/workers.ts';

const line = (id: string, be: string, srv: string, age: string) =>
  `${id}: proto=tcpv4 src=127.0.0.1:1 fe=web be=${be} srv=${srv} ts=00 epoch=0 age=${age} calls=1 rate=0\n`;
const sums = (requests: number, failed = 0) => ({ requests, failed });

test('sums never go down when a worker is replaced, and are those of all workers', () => {
  const book = new CounterBook();
  assert.deepEqual(book.observe(1, new Map([[10, sums(5, 1)]])), sums(5, 1));
  assert.deepEqual(book.observe(1, new Map([[11, sums(2)]])), sums(7, 1));
  assert.deepEqual(
    book.observe(
      1,
      new Map([
        [11, sums(3)],
        [12, sums(4)],
      ]),
    ),
    sums(12, 1),
  );
});

test('a cleared slot counts from zero, also after the book was stored and loaded', () => {
  const book = new CounterBook();
  book.observe(1, new Map([[10, sums(5, 1)]]));
  book.restart(1, new Map([[10, sums(6, 1)]]));
  const loaded = new CounterBook(book.stored());
  assert.deepEqual(loaded.observe(1, new Map([[10, sums(9, 2)]])), sums(3, 1));
});

test('a worker that counts less than before is another process with the same id', () => {
  const book = new CounterBook();
  book.observe(1, new Map([[10, sums(5)]]));
  assert.deepEqual(book.observe(1, new Map([[10, sums(1)]])), sums(6));
});

test('a route survives being written and read', () => {
  for (const target of [
    stableOnly(7),
    sharedRoute(7, 12345, 30),
    { ...stableOnly(7), observed: true },
    { ...stableOnly(7), mode: 'held' },
    { ...stableOnly(7), mode: 'paused', observed: true },
    { ...sharedRoute(7, 8, 5), mode: 'held', observed: false },
  ] satisfies RouteTarget[]) {
    assert.deepEqual(parseRouteValue(routeValue(target)), target);
  }
});

test('rule 5.4: sessions come oldest first, and only those of the slot and server', () => {
  const text =
    line('0x1', 'slot0001', 'i1.3', '5s') +
    line('0x2', 'slot0001', 'i1.4', '1m2s') +
    line('0x3', 'slot0001', 'i2.5', '1h') +
    line('0x4', 'slot0002', 'i1.1', '9s');
  assert.deepEqual(
    parseSessions(text, 1, 'i1').map(({ id }) => id),
    ['0x2', '0x1'],
  );
  assert.deepEqual(
    parseSessions(text, 1, null).map(({ id }) => id),
    ['0x3', '0x2', '0x1'],
  );
});

test('the master names its current worker and the old ones', () => {
  const text =
    '1 master 1 [failed: 0] 0d 2.6\n# workers\n30              worker          0   0d\n# old workers\n20   worker  1  0d\n21   worker  2  0d\n# programs\n';
  assert.deepEqual(parseProcesses(text), { current: 30, old: [20, 21] });
});

test('a host is named as special before its route is, and until it no longer is', () => {
  const context = {
    hostsMap: 'hosts',
    specialMap: 'special',
    guardsMap: 'guards',
    bundlesMap: 'bundles',
    staticEndpoint: '',
  };
  const plain = { value: 'slot0001', special: false, guard: null };
  const shared = { value: routeValue(sharedRoute(1, 2, 10)), special: true, guard: null };
  const commands = (from: typeof plain, target: RouteTarget | null) =>
    commandsForHost('a', from, { target, guard: null }, context);
  assert.deepEqual(commands(plain, sharedRoute(1, 2, 10)), ['add map special a 1', `set map hosts a ${shared.value}`]);
  assert.deepEqual(commands(shared, stableOnly(2)), ['set map hosts a slot0002', 'del map special a']);
  assert.deepEqual(commands(shared, null), ['del map hosts a', 'del map special a']);
  assert.deepEqual(commands({ ...plain, special: true }, stableOnly(1)), ['del map special a'], 'left by a crash');
  assert.deepEqual(commands({ ...shared, special: false }, sharedRoute(1, 2, 10)), ['add map special a 1']);
});
