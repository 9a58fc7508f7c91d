import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeGate, newGate, recordProbe, type GateState } from '../../../src/domain/gate.ts';
import { defaultHealthCheck, type ProbeResult } from '../../../src/domain/health-check.ts';

const check = defaultHealthCheck;
const ok: ProbeResult = { type: 'answered', status: 200, bodyStart: '' };
const broken: ProbeResult = { type: 'answered', status: 503, bodyStart: 'db unreachable' };

function after(results: readonly (readonly [ProbeResult, number])[]): GateState {
  return results.reduce((gate, [result, at]) => recordProbe(gate, check, result, at), newGate);
}

test('5.1 the first probe is made at once', () => {
  assert.deepEqual(judgeGate(newGate, check, 0), { type: 'probe', delayMs: 0 });
});

test('5.1 during the start period the next probe comes after a tenth of the time since the start, 50 ms to the interval', () => {
  const gate = after([[broken, 10]]);
  assert.deepEqual(judgeGate(gate, check, 100), { type: 'probe', delayMs: 50 });
  assert.deepEqual(judgeGate(gate, check, 4_000), { type: 'probe', delayMs: 400 });
  assert.deepEqual(judgeGate(gate, { ...check, intervalMs: 1_000 }, 20_000), { type: 'probe', delayMs: 1_000 });
});

test('5.1 after a success the next probe comes in 50 ms, and two in a row pass', () => {
  const once = after([
    [broken, 10],
    [ok, 9_000],
  ]);
  assert.deepEqual(judgeGate(once, check, 9_000), { type: 'probe', delayMs: 50 });
  assert.deepEqual(judgeGate(recordProbe(once, check, ok, 9_050), check, 9_050), { type: 'passed' });
});

test('5.1 a success that is followed by a failure begins anew', () => {
  const gate = after([
    [ok, 10],
    [broken, 60],
    [ok, 120],
  ]);
  assert.equal(judgeGate(gate, check, 120).type, 'probe');
});

test('5.1 failures during the start period do not count', () => {
  const gate = after(Array.from({ length: 50 }, (_, index) => [broken, index * 500] as const));
  assert.equal(judgeGate(gate, check, 25_000).type, 'probe');
});

test('5.1 after the start period the interval applies and three failures in a row fail', () => {
  const twice = after([
    [broken, 31_000],
    [broken, 36_000],
  ]);
  assert.deepEqual(judgeGate(twice, check, 36_000), { type: 'probe', delayMs: 5_000 });
  const thrice = recordProbe(twice, check, broken, 41_000);
  assert.deepEqual(judgeGate(thrice, check, 41_000), {
    type: 'failed',
    message: 'last answer 503: "db unreachable" after 3 tries',
  });
});

test('5.1 traffic shifts at most 300 ms plus a tenth of the start time after the first possible 2xx', () => {
  for (const startMs of [0, 100, 1_000, 10_000, 25_000]) {
    let now = 0;
    let gate = newGate;
    for (;;) {
      const verdict = judgeGate(gate, check, now);
      if (verdict.type !== 'probe') break;
      now += verdict.delayMs;
      gate = recordProbe(gate, check, now >= startMs ? ok : { type: 'refused' }, now);
    }
    assert.ok(now - startMs <= 300 + startMs / 10, `${startMs} ms: passed ${now - startMs} ms later`);
  }
});

test('5.1 an app that answers well and badly in turn does not stay at the gate for ever', () => {
  let now = 0;
  let gate = newGate;
  for (let probe = 0; probe < 2_000; probe += 1) {
    const verdict = judgeGate(gate, check, now);
    if (verdict.type !== 'probe') {
      assert.equal(verdict.type, 'failed');
      return;
    }
    now += Math.max(1, verdict.delayMs);
    gate = recordProbe(gate, check, probe % 2 === 0 ? ok : broken, now);
  }
  assert.fail('it is still at the gate');
});
