import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildPlaces } from '../../src/engine/workflows/build-places.ts';
import { allOrNone } from '../../src/engine/workflows/all-or-none.ts';
import { maskedWrite } from '../../src/engine/workflows/masked-write.ts';
import { createMasker } from '../../src/engine/masking.ts';

const never = new AbortController().signal;
const silent = { production: false, onWait: () => {} };
const said = (list: string[], text: string) => ({ production: false, onWait: () => list.push(text) });

test('3.4 builds run side by side up to the limit, and wait in the order they came', async () => {
  const take = buildPlaces(2);
  const order: string[] = [];
  const first = await take(never, silent);
  const second = await take(never, said(order, 'the second waited'));
  const third = take(never, said(order, 'the third waits')).then((give) => {
    order.push('third');
    return give;
  });
  const fourth = take(never, silent).then(() => order.push('fourth'));
  first();
  (await third)();
  await fourth;
  second();
  assert.deepEqual(order, ['the third waits', 'third', 'fourth']);
});

test('2.4 production goes ahead of what waits for a place to build', async () => {
  const take = buildPlaces(1);
  const order: string[] = [];
  const give = await take(never, silent);
  const preview = take(never, silent).then((back) => (order.push('preview'), back()));
  const production = take(never, { ...silent, production: true }).then((back) => (order.push('production'), back()));
  give();
  await Promise.all([preview, production]);
  assert.deepEqual(order, ['production', 'preview']);
});

test('3.4 who is aborted while waiting leaves the queue, and its place goes to the next', async () => {
  const take = buildPlaces(1);
  const give = await take(never, silent);
  const gone = new AbortController();
  const aborted = take(gone.signal, silent);
  const next = take(never, silent);
  gone.abort(new Error('cancelled'));
  await assert.rejects(aborted, /cancelled/);
  give();
  (await next)();
});

test('3.4 a place that is given back twice is one place', async () => {
  const take = buildPlaces(1);
  const give = await take(never, silent);
  give();
  give();
  await take(never, silent);
  const third = take(never, silent);
  assert.equal(await Promise.race([third.then(() => 'in'), Promise.resolve('waits')]), 'waits');
});

test('what is done side by side has all come to an end when the first failure is thrown', async () => {
  const ended: string[] = [];
  const waiting = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => setTimeout(() => (ended.push('other'), reject(new Error('aborted'))), 20));
    });
  await assert.rejects(allOrNone(never, [() => Promise.reject(new Error('first')), waiting]), /first/);
  assert.deepEqual(ended, ['other']);
});

test('10 a secret in a reason, a verdict or the timeline is masked before it is written', () => {
  const mask = createMasker(['correct-horse']);
  const write = maskedWrite(
    {
      reason: 'gate (last answer 500: "correct-horse")',
      verdict: { outcome: 'failed', code: 'gate_failed', reason: 'correct-horse' },
      timeline: [{ kind: 'gate.failed', ordinal: 1, message: 'it said correct-horse' }],
    },
    mask,
  );
  assert.doesNotMatch(JSON.stringify(write), /correct-horse/);
  assert.equal(write.verdict?.code, 'gate_failed');
});
