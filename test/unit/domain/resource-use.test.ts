import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { withReading, type ResourceUse, type UseReading } from '../../../src/domain/resource-use.ts';

type Instance = UseReading[number];

function instance(at: number, cpuSeconds: number, change: Partial<Instance> = {}): Instance {
  return { instanceId: 'i1', startedAt: 1, memoryBytes: 100, cpuSeconds, at, ...change };
}

function folded(readings: readonly UseReading[]): ResourceUse | null {
  return readings.reduce<ResourceUse | null>(
    (use, reading, index) => withReading(use, readings[index - 1] ?? null, reading),
    null,
  );
}

test('2.6 of one reading the memory is known, and no share of a core', () => {
  const use = folded([[instance(0, 7)]]);
  assert.deepEqual(use, { readings: 1, memoryBytes: { average: 100, max: 100 }, cpuCores: null, cpuOverMs: 0 });
});

test('2.6 cores are CPU time over elapsed time; what was used before the first reading does not count', () => {
  const use = folded([[instance(1_000, 70)], [instance(3_000, 71)]]);
  assert.deepEqual(use?.cpuCores, { average: 0.5, max: 0.5 });
  assert.equal(use.cpuOverMs, 2_000);
});

test('2.6 the average of CPU is by time, that of memory by readings, and the most is kept of both', () => {
  const use = folded([
    [instance(0, 0, { memoryBytes: 100 })],
    [instance(1_000, 1, { memoryBytes: 400 })],
    [instance(8_000, 1, { memoryBytes: 100 })],
  ]);
  assert.deepEqual(use, {
    readings: 3,
    memoryBytes: { average: 200, max: 400 },
    cpuCores: { average: 0.125, max: 1 },
    cpuOverMs: 8_000,
  });
});

test('2.6 the instances of a version count together, each by the time at which it was read', () => {
  const other = { instanceId: 'i2' };
  const use = folded([
    [instance(0, 5), instance(900, 50, other)],
    [instance(1_000, 6), instance(2_900, 51, other)],
  ]);
  assert.equal(use?.memoryBytes.max, 200);
  assert.equal(use.cpuCores?.average, 1 + 0.5);
});

test('2.6 of an instance that was restarted counts what it has used since, and nothing is ever taken away', () => {
  const restarted = folded([[instance(0, 100)], [instance(1_000, 0.5, { startedAt: 900 })]]);
  assert.equal(restarted?.cpuCores?.average, 0.5);
  const fewer = folded([[instance(0, 100)], [instance(1_000, 99)]]);
  assert.equal(fewer?.cpuCores?.average, 0);
});

test('2.6 an instance that did not run is no reading, and one that is gone is left out', () => {
  const use = folded([[instance(0, 1)], [instance(0, 1)]]);
  assert.equal(use?.cpuCores, null, 'no time has passed');
  assert.equal(withReading(use, null, []), use);
  assert.equal(withReading(null, null, []), null);
  const other = { instanceId: 'i2' };
  const gone = folded([[instance(0, 1), instance(0, 9, other)], [instance(1_000, 2)]]);
  assert.equal(gone?.cpuCores?.average, 1);
});

test('2.6 what another process has found out is added to', () => {
  const before: ResourceUse = {
    readings: 3,
    memoryBytes: { average: 200, max: 900 },
    cpuCores: { average: 1, max: 2 },
    cpuOverMs: 1_000,
  };
  const first = withReading(before, null, [instance(50, 10, { memoryBytes: 600 })]);
  assert.deepEqual(first, { ...before, readings: 4, memoryBytes: { average: 300, max: 900 } });
  const second = withReading(first, [instance(50, 10)], [instance(3_050, 10, { memoryBytes: 300 })]);
  assert.deepEqual(second?.cpuCores, { average: 0.25, max: 2 });
});

test('2.6 over any readings the average is total CPU over total time, and never more than the most', () => {
  const step = fc.record({
    ms: fc.integer({ min: 1, max: 100_000 }),
    cpu: fc.double({ min: 0, max: 100, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      let [at, cpu] = [0, 0];
      const readings = steps.map(({ ms, cpu: more }) => [instance((at += ms), (cpu += more))]);
      const use = folded([[instance(0, 0)], ...readings]);
      const { average, max } = use?.cpuCores ?? { average: Number.NaN, max: Number.NaN };
      const expected = (cpu / at) * 1_000;
      assert.ok(Math.abs(average - expected) <= 1e-9 + expected * 1e-9, `${average} for ${expected}`);
      assert.ok(average <= max * (1 + 1e-9) + 1e-9);
      assert.equal(use?.readings, steps.length + 1);
    }),
  );
});
