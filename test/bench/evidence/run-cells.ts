import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Cell } from './cell.ts';
import type { RunResult } from './simulate.ts';

const threads = 2;
const runsAtOnce = 25;

/** Runs all cells on two threads, in small parts; resolves to the runs of each cell, in its order. */
export async function runCells(cells: readonly Cell[], progress: (share: number) => void): Promise<RunResult[][]> {
  const results: RunResult[][] = cells.map(() => []);
  const parts = cells.flatMap((cell, index) => split(cell).map((part) => ({ part, index })));
  let next = 0;
  await Promise.all(Array.from({ length: threads }, work));
  return results;

  async function work(): Promise<void> {
    const worker = new Worker(new URL('worker.ts', import.meta.url));
    try {
      for (let job = parts[next]; job !== undefined; job = parts[next]) {
        next += 1;
        worker.postMessage(job.part, []);
        // A thread that fails rejects this with its error.
        const [runs] = (await once(worker, 'message')) as [RunResult[]];
        results[job.index]?.push(...runs);
        progress(next / parts.length);
      }
    } finally {
      await worker.terminate();
    }
  }
}

function split(cell: Cell): Cell[] {
  return Array.from({ length: Math.ceil(cell.runs / runsAtOnce) }, (_, index) => {
    const first = cell.first + index * runsAtOnce;
    return { ...cell, first, runs: Math.min(runsAtOnce, cell.first + cell.runs - first) };
  });
}
