import { quantile } from '../figure.ts';
import type { Cell } from './cell.ts';
import type { RunResult } from './simulate.ts';

/** Cells with their runs, and what is asked of some of them. */
export class Summary {
  readonly #all: readonly { readonly cell: Cell; readonly runs: readonly RunResult[] }[];

  constructor(cells: readonly Cell[], results: readonly (readonly RunResult[])[]) {
    this.#all = cells.map((cell, index) => ({ cell, runs: results[index] ?? [] }));
  }

  only(wanted: (cell: Cell) => boolean): Summary {
    const kept = this.#all.filter(({ cell }) => wanted(cell));
    return new Summary(
      kept.map(({ cell }) => cell),
      kept.map(({ runs }) => runs),
    );
  }

  get runs(): number {
    return this.#all.reduce((sum, { runs }) => sum + runs.length, 0);
  }

  get rolledBack(): number {
    return this.#all.reduce((sum, { runs }) => sum + found(runs).length, 0);
  }

  /** Of the cell with the most, or the fewest, rollbacks: their part of its runs. */
  get largestShare(): number {
    return Math.max(...this.#all.map(({ runs }) => found(runs).length / runs.length));
  }

  get smallestShare(): number {
    return Math.min(...this.#all.map(({ runs }) => found(runs).length / runs.length));
  }

  /** In the worst cell, over the runs that were rolled back. */
  worst(what: 'failed' | 'seconds', share: number): number {
    return Math.max(...this.#all.map(({ runs }) => of(found(runs), what, share)));
  }

  /** One line for each cell. */
  lines(): string[] {
    return this.#all.map(({ cell, runs }) => {
      const bad = found(runs);
      const causes = [...new Set(bad.map(({ cause, probable }) => `${cause}${probable ? ' (probable)' : ''}`))].join(
        ', ',
      );
      const seen =
        bad.length === 0
          ? ''
          : `: ${of(bad, 'seconds', 0.5)} s, failed ${of(bad, 'failed', 0.5)} (${of(bad, 'failed', 0.9)}), ${causes}`;
      return `${cell.scenario} | ${cell.mode} | ${cell.rps} rps | rolled back ${bad.length} of ${runs.length}${seen}`;
    });
  }
}

function found(runs: readonly RunResult[]): RunResult[] {
  return runs.filter(({ end }) => end === 'rolled-back');
}

function of(runs: readonly RunResult[], what: 'failed' | 'seconds', share: number): number {
  return quantile(
    runs.map((run) => run[what]),
    share,
  );
}
