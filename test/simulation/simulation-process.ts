import { setImmediate } from 'node:timers/promises';
import type { Batch, BatchResult } from './simulate-many.ts';
import { simulate } from './simulate.ts';

// Most errors here are those of an abort that is expected, and where they were made is of no interest.
Error.stackTraceLimit = 0;

/** Promises that nobody has caught, of the history that runs. */
const uncaught: unknown[] = [];
process.on('unhandledRejection', (error) => uncaught.push(error));

process.on('message', (batch: Batch) => {
  void run(batch).then((result) => process.send?.(result));
});

async function run({ first, count }: Batch): Promise<BatchResult> {
  const sums = { histories: 0, operations: 0, refused: 0, faults: 0, crashes: 0, calls: 0, virtualMs: 0 };
  const failed: { seed: number; code: string; message: string }[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await simulate(seed);
    // A turn of the event loop: what nobody has caught is told now.
    await setImmediate();
    sums.histories += 1;
    sums.operations += result.operations;
    sums.refused += result.refused;
    sums.faults += result.faults;
    sums.crashes += result.crashes;
    sums.calls += result.calls;
    sums.virtualMs += result.virtualMs;
    const [finding] = result.findings;
    if (finding !== undefined) failed.push({ seed, ...finding });
    for (const error of uncaught.splice(0)) failed.push({ seed, code: 'uncaught', message: String(error) });
  }
  return { sums, failed };
}
