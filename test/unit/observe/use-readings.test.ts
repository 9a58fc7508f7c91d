import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurements } from '../../../src/domain/measurements.ts';
import type { ResourceUse } from '../../../src/domain/resource-use.ts';
import { ObservedUse, type ObservedUseParts } from '../../../src/engine/observe/observed-use.ts';
import { UnobservedUse } from '../../../src/engine/observe/unobserved-use.ts';
import type { DeploymentRecord } from '../../../src/engine/ports/deployment-store.ts';
import type { OpenObservation } from '../../../src/engine/ports/observation-store.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';

const never = new AbortController().signal;

/** An engine whose instances use half a core, and a store that keeps what comes last. */
class Bench {
  readonly clock = new VirtualClock();
  readonly readAt: number[] = [];
  readonly warnings: string[] = [];
  kept: Partial<Measurements> = {};
  answers = (): Promise<void> => Promise.resolve();

  get parts(): ObservedUseParts {
    const usage = async (instanceId: string) => {
      this.readAt.push(this.clock.monotonic());
      await this.answers();
      return { instanceId, startedAt: 1, cpuSeconds: this.clock.monotonic() / 2_000, memoryBytes: 1_000 };
    };
    const measured = async (_: string, measurements: Partial<Measurements>) => void (this.kept = measurements);
    const log = { info: () => {}, error: () => {}, warn: (_: object, message: string) => this.warnings.push(message) };
    const parts = { runtime: { usage }, observations: { measured }, clock: this.clock, log };
    return parts as unknown as ObservedUseParts;
  }

  /** Time passes, a quarter of a second at a time, and whoever looks looks each time. */
  async pass(ms: number, look: () => void = () => undefined): Promise<void> {
    const end = this.clock.monotonic() + ms;
    while (this.clock.monotonic() < end) {
      look();
      await settled();
      const next = this.clock.monotonic() + 250;
      while (this.clock.advance(next)) await settled();
    }
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function record(known: ResourceUse | null = null): DeploymentRecord {
  const instances = [
    { id: 'i1', phase: 'serving' },
    { id: 'i0', phase: 'stopped' },
  ];
  return { deployment: { id: 'd1', measurements: { resources: known } }, instances } as unknown as DeploymentRecord;
}

function observation(switchedAt: string | null, known: ResourceUse | null = null): OpenObservation {
  return { fresh: record(known), switchedAt } as unknown as OpenObservation;
}

const switched = observation('2026-01-01T00:00:00Z');

test('2.6 what an observed version uses is read after its switch, never before, and then seldom', async () => {
  const bench = new Bench();
  const use = new ObservedUse(bench.parts, switched);
  await bench.pass(60_000, () => use.look(observation(null), never));
  assert.deepEqual(bench.readAt, []);
  await bench.pass(300_000, () => use.look(switched, never));
  assert.deepEqual(
    bench.readAt.map((at) => at - 60_000),
    [5_000, 30_000, 150_000, 270_000],
  );
  assert.deepEqual(bench.kept.resources?.cpuCores, { average: 0.5, max: 0.5 });
  assert.deepEqual(bench.warnings, []);
});

test('2.6 when the observation ends it is read once more, and not again where the end is tried again', async () => {
  const bench = new Bench();
  const use = new ObservedUse(bench.parts, switched);
  await bench.pass(20_000, () => use.look(switched, never));
  const { resources } = await use.atEnd(switched, never);
  assert.equal(resources?.readings, 2);
  assert.equal(resources.cpuOverMs, 15_000);
  await bench.pass(200_000, () => use.look(switched, never));
  assert.deepEqual((await use.atEnd(switched, never)).resources, resources);
  assert.deepEqual(bench.readAt, [5_000, 20_000]);
});

test('2.6 a reading that fails, or takes too long, is told and changes nothing; the next one counts', async () => {
  const bench = new Bench();
  const use = new ObservedUse(bench.parts, switched);
  bench.answers = () => Promise.reject(new Error('no engine'));
  await bench.pass(10_000, () => use.look(switched, never));
  assert.deepEqual([bench.kept, bench.warnings], [{}, ['what a version uses could not be read']]);
  bench.answers = () => Promise.resolve();
  await bench.pass(25_000, () => use.look(switched, never));
  assert.equal(bench.kept.resources?.readings, 1);
});

test('2.6 who takes an observation over goes on with what is on record', async () => {
  const bench = new Bench();
  const memoryBytes = { average: 3_000, max: 9_000 };
  const known = { readings: 1, memoryBytes, cpuCores: null, cpuOverMs: 0 };
  const use = new ObservedUse(bench.parts, observation('2026-01-01T00:00:00Z', known));
  const { resources } = await use.atEnd(switched, never);
  assert.deepEqual(resources?.memoryBytes, { average: 2_000, max: 9_000 });
  assert.equal(resources.readings, 2);
});

test('2.6 a version that nobody observes is read twice after its completion, and that is kept', async () => {
  const bench = new Bench();
  const use = new UnobservedUse(bench.parts);
  use.measure(record());
  await bench.pass(60_000);
  assert.deepEqual(bench.readAt, [5_000, 15_000]);
  assert.deepEqual(bench.kept.resources?.cpuCores, { average: 0.5, max: 0.5 });
  await use.close();
});

test('2.6 a process that ends waits for no reading', async () => {
  const bench = new Bench();
  const use = new UnobservedUse(bench.parts);
  use.measure(record());
  await bench.pass(1_000);
  await use.close();
  use.measure(record());
  await bench.pass(60_000);
  assert.deepEqual([bench.readAt, bench.kept, bench.warnings], [[], {}, []]);
});
