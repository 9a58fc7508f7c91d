import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { stalledIn } from '../../../src/drivers/router/haproxy/stalls.ts';
import { lostRequests, parseStat } from '../../../src/drivers/router/haproxy/stats.ts';
import { LostRequests } from '../../../src/drivers/router/haproxy/lost-requests.ts';

/** As HAProxy 2.6.12 writes a stream: a GET whose server owes the headers, for three seconds or a bit more. */
const waiting =
  '0x55a123471f10: proto=tcpv4 src=127.0.0.1:53882 fe=web be=slot0001 srv=i1.1 ts=00 epoch=0 age=3s calls=3 rate=0 cpu=0 lat=0 rq[f=49c40000h,i=0,an=8000h,rx=,wx=,ax=] rp[f=80400000h,i=0,an=1400000h,rx=56s,wx=,ax=] scf=[8,80h,fd=15] scb=[8,11h,fd=20] exp=56s rc=0 c_exp=';

test('a stream is stalled by the time that its server has owed the headers, never too early', () => {
  assert.equal(stalledIn(waiting, 1, 3_000), 1);
  assert.equal(stalledIn(waiting, 1, 3_001), 0);
  assert.equal(stalledIn(`${waiting}\n${waiting.replace('rx=56s', 'rx=30s')}`, 1, 20_000), 1);
  assert.equal(stalledIn(waiting.replace('age=3s', 'age=33s'), 1, 5_000), 0, 'it was held before');
});

test('not stalled: another slot, an upload, an answer under way, a fallback, one without a server', () => {
  const others = [
    waiting.replace('slot0001', 'slot0002'),
    waiting.replace('rq[f=49c40000h', 'rq[f=c40000h'),
    waiting.replace('an=1400000h', 'an=4000000h'),
    waiting.replace('srv=i1.1', 'srv=old:fallback.2'),
    waiting.replace('srv=i1.1', 'srv=<none>'),
    waiting.replace('rx=56s', 'rx='),
  ];
  for (const line of others) assert.equal(stalledIn(line, 1, 1_000), 0, line);
});

test('any text is read without an error', () => {
  check(property(string({ unit: 'binary' }), (text) => void stalledIn(` be=slot0001 srv=i1.1 ${text}`, 1, 0)));
});

test('what was given to a slot, has not ended and is not open was lost; told once, when two looks agree', async () => {
  const head = '# pxname,svname,scur,stot,req_tot,';
  const looks = [
    [0, 10, 8],
    [1, 14, 10],
    [0, 14, 11],
    [0, 14, 11],
    [3, 20, 15],
    [0, 20, 17],
  ].map(([open, given, ended]) => `${head}\nslot0001,BACKEND,${open},${given},${ended},`);
  assert.deepEqual(
    looks.map((text) => lostRequests(parseStat(text))),
    [2, 3, 3, 3, 2, 3],
  );
  const lost = new LostRequests();
  const told: number[] = [];
  for (const text of looks) {
    const worker = {
      pid: 1,
      old: false,
      addressed: false,
      query: () => Promise.resolve([text]),
      command: () => Promise.resolve(),
    };
    told.push((await lost.look(worker, [1], AbortSignal.timeout(1_000))).length);
  }
  assert.deepEqual(told, [0, 0, 1, 0, 0, 0]);
});
