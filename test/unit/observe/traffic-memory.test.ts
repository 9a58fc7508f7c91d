import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrafficMemory } from '../../../src/engine/observe/traffic-memory.ts';
import type { RequestOutcome } from '../../../src/engine/ports/router.ts';

const minuteMs = 60_000;

function outcome(weight = 1): RequestOutcome {
  return {
    slot: 1,
    server: 'web-1',
    method: 'GET',
    status: 200,
    ending: 'complete',
    refused: false,
    client: 'a',
    path: '/',
    durationMs: 1,
    headersMs: 1,
    upgrade: false,
    at: 0,
    weight,
  };
}

test('requests a second are those of the last 10 minutes, whatever came before', () => {
  const memory = new TrafficMemory();
  memory.take([outcome(100_000)], 0);
  for (let minute = 20; minute < 30; minute += 1) memory.take([outcome(64), outcome(56)], minute * minuteMs);
  assert.equal(memory.requestsPerSecond(1, 30 * minuteMs), 2);
  assert.equal(memory.requestsPerSecond(1, 60 * minuteMs), 0);
});

test('of a young version they are counted since it was first asked for anything, over a minute at least', () => {
  const memory = new TrafficMemory();
  assert.equal(memory.requestsPerSecond(1, 0), 0);
  memory.take([outcome(60)], 0);
  assert.equal(memory.requestsPerSecond(1, 1_000), 1);
  memory.take([outcome(60)], 2 * minuteMs);
  assert.equal(memory.requestsPerSecond(1, 4 * minuteMs), 0.5);
  memory.forget(1);
  assert.equal(memory.requestsPerSecond(1, 4 * minuteMs), 0);
});
