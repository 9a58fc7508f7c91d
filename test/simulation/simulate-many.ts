import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Seeds that one thread takes at once. */
export interface Batch {
  readonly first: number;
  readonly count: number;
}

export interface Sums {
  readonly histories: number;
  readonly operations: number;
  readonly refused: number;
  readonly faults: number;
  readonly crashes: number;
  readonly calls: number;
  readonly virtualMs: number;
}

/** The first finding of each history that has one. */
export interface Failed {
  readonly seed: number;
  readonly code: string;
  readonly message: string;
}

export interface BatchResult {
  readonly sums: Sums;
  readonly failed: readonly Failed[];
}

interface ManyOptions {
  readonly threads: number;
  readonly first: number;
  readonly count: number;
  readonly progress: (result: BatchResult) => void;
}

const atOnce = 50;
/** Most of what a history makes is of no use a moment later: with room for it little is copied. */
const resourceLimits = { maxYoungGenerationSizeMb: 192 };

/** Histories of `count` seeds, side by side; resolves when all are over. */
export async function simulateMany({ threads, first, count, progress }: ManyOptions): Promise<BatchResult> {
  const sums = { histories: 0, operations: 0, refused: 0, faults: 0, crashes: 0, calls: 0, virtualMs: 0 };
  const failed: Failed[] = [];
  let next = first;
  const work = async () => {
    const worker = new Worker(new URL('simulation-worker.ts', import.meta.url), { resourceLimits });
    try {
      while (next < first + count) {
        const batch: Batch = { first: next, count: Math.min(atOnce, first + count - next) };
        next += batch.count;
        worker.postMessage(batch, []);
        // A thread that fails rejects this with its error.
        const [result] = (await once(worker, 'message')) as [BatchResult];
        for (const key of Object.keys(sums) as (keyof Sums)[]) sums[key] += result.sums[key];
        failed.push(...result.failed);
        progress({ sums, failed });
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  return { sums, failed: failed.toSorted((a, b) => a.seed - b.seed) };
}
