/** What one running instance has used so far. */
export interface InstanceUse {
  readonly instanceId: string;
  /** Epoch ms of its last start; the CPU time is counted from there. */
  readonly startedAt: number;
  readonly cpuSeconds: number;
  /** Working set: without the page cache that could be given back at once. */
  readonly memoryBytes: number;
}

/** `at`: by a clock that only goes forward, ms. Instances that are read at once may answer a second apart. */
interface InstanceReading extends InstanceUse {
  readonly at: number;
}

/** Every instance of a version that ran when it was looked at. */
export type UseReading = readonly InstanceReading[];

interface AverageAndMax {
  readonly average: number;
  readonly max: number;
}

/** What the instances of a version, all together, used after the switch (rule 2.6). */
export interface ResourceUse {
  readonly readings: number;
  readonly memoryBytes: AverageAndMax;
  /** 1 is one core, fully used. What is between two readings is averaged; null where there are no two. */
  readonly cpuCores: AverageAndMax | null;
  /** The time that `cpuCores` is of, ms. */
  readonly cpuOverMs: number;
}

/** With one more reading. `earlier`: the one before by the same clock, where there is one. Where nothing ran there is nothing to add. */
export function withReading(
  use: ResourceUse | null,
  earlier: UseReading | null,
  reading: UseReading,
): ResourceUse | null {
  if (reading.length === 0) return use;
  const readings = (use?.readings ?? 0) + 1;
  const memory = sum(reading.map(({ memoryBytes }) => memoryBytes));
  const memoryBytes = joined(use?.memoryBytes ?? null, memory, 1 / readings);
  const known = { cpuCores: use?.cpuCores ?? null, cpuOverMs: use?.cpuOverMs ?? 0 };
  const elapsedMs = earlier === null ? 0 : momentOf(reading) - momentOf(earlier);
  if (earlier === null || elapsedMs <= 0) return { readings, memoryBytes, ...known };
  const cpuOverMs = known.cpuOverMs + elapsedMs;
  const cpuCores = joined(known.cpuCores, coresBetween(earlier, reading), elapsedMs / cpuOverMs);
  return { readings, memoryBytes, cpuCores, cpuOverMs };
}

/** When the last of its instances was read. */
export function momentOf(reading: UseReading): number {
  return Math.max(...reading.map(({ at }) => at));
}

/** Of one that was started in between all that it has used since; what it used before its end nobody has read. */
function coresBetween(earlier: UseReading, reading: UseReading): number {
  const before = new Map(earlier.map((instance) => [instance.instanceId, instance]));
  return sum(
    reading.map(({ instanceId, startedAt, cpuSeconds, at }) => {
      const known = before.get(instanceId);
      const same = known?.startedAt === startedAt ? known : { cpuSeconds: 0, at: momentOf(earlier) };
      const elapsedMs = at - same.at;
      return elapsedMs <= 0 ? 0 : (Math.max(0, cpuSeconds - same.cpuSeconds) / elapsedMs) * 1_000;
    }),
  );
}

/** `weight`: of the new value in the average of all. */
function joined(known: AverageAndMax | null, value: number, weight: number): AverageAndMax {
  if (known === null) return { average: value, max: value };
  return { average: known.average + (value - known.average) * weight, max: Math.max(known.max, value) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
