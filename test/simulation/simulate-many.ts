import { fork, type ChildProcess } from 'node:child_process';

/** Seeds that one process takes at once. */
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
  readonly processes: number;
  readonly first: number;
  readonly count: number;
  readonly progress: (result: BatchResult) => void;
}

const atOnce = 50;
/**
 * Most of what a history makes is of no use a moment later: with room for it little is copied, and that little one thread has done
 * sooner than several that take the cores from the histories beside it.
 */
const execArgv = ['--max-semi-space-size=64', '--single-threaded-gc'];
const program = new URL('simulation-process.ts', import.meta.url);

/** Histories of `count` seeds, side by side; resolves when all are over. */
export async function simulateMany({ processes, first, count, progress }: ManyOptions): Promise<BatchResult> {
  const sums = { histories: 0, operations: 0, refused: 0, faults: 0, crashes: 0, calls: 0, virtualMs: 0 };
  const failed: Failed[] = [];
  let next = first;
  const work = async () => {
    const simulating = fork(program, { execArgv });
    try {
      while (next < first + count) {
        const batch: Batch = { first: next, count: Math.min(atOnce, first + count - next) };
        next += batch.count;
        simulating.send(batch);
        const result = await answerOf(simulating);
        for (const key of Object.keys(sums) as (keyof Sums)[]) sums[key] += result.sums[key];
        failed.push(...result.failed);
        progress({ sums, failed });
      }
    } finally {
      simulating.kill();
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return { sums, failed: failed.toSorted((a, b) => a.seed - b.seed) };
}

/** Of one that fails, its error is on stderr. */
function answerOf(simulating: ChildProcess): Promise<BatchResult> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('a process that simulates came to an end'));
    simulating.once('exit', ended);
    simulating.once('message', (result) => {
      simulating.off('exit', ended);
      resolve(result as BatchResult);
    });
  });
}
