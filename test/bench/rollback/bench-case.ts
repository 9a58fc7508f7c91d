import type { Stage } from '../../e2e/stage.ts';
import type { BenchOptions, Figure } from '../figure.ts';

export const bench = 'rollback';

export interface CaseOptions extends BenchOptions {
  readonly stage: Stage;
  /** Milliseconds from a decision to the last answer of the bad version, of every rollback so far; cases add theirs. */
  readonly routeMs: number[];
}

/** One file of `cases/`: on projects of its own, one after the other. */
export type BenchCase = (options: CaseOptions) => Promise<readonly Figure[]>;

/** The second highest: one bad repetition of ten is allowed for. The highest of fewer than three. */
export function secondHighest(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => b - a);
  return sorted[values.length < 3 ? 0 : 1] ?? Number.NaN;
}
