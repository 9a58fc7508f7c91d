import { plus, type Tally } from './tally.ts';

/** Cumulative counts at one time. */
interface Mark {
  readonly at: number;
  readonly total: Tally;
}

/**
 * How many requests came and failed in the last seconds, for any length up to 5 min, in little memory: marks every 100 ms for the last
 * second or so, and every second beyond. A window reaches back at most one mark too far.
 */
export interface RecentCounts {
  readonly total: Tally;
  /** Both begin with the time at which counting began, or with what is the oldest still needed. */
  readonly fine: readonly Mark[];
  readonly coarse: readonly Mark[];
}

const fineStepMs = 100;
const coarseStepMs = 1_000;
const fineLengthMs = 1_000;
const coarseLengthMs = 300_000;

export function countFrom(now: number): RecentCounts {
  const start = [{ at: now, total: { units: 0, bad: 0 } }];
  return { total: { units: 0, bad: 0 }, fine: start, coarse: start };
}

export function countMore(
  { total, fine, coarse }: RecentCounts,
  units: number,
  bad: number,
  now: number,
): RecentCounts {
  const next = plus(total, units, bad);
  return {
    total: next,
    fine: marked(fine, { at: now, total: next }, fineStepMs, fineLengthMs),
    coarse: marked(coarse, { at: now, total: next }, coarseStepMs, coarseLengthMs),
  };
}

/** Everything in the last `lengthMs`, or since counting began. */
export function countWithin({ total, fine, coarse }: RecentCounts, lengthMs: number, now: number): Tally {
  const marks = lengthMs <= fineLengthMs ? fine : coarse;
  const before = marks.findLast(({ at }) => at <= now - lengthMs) ?? marks[0];
  if (before === undefined) return total;
  return { units: total.units - before.total.units, bad: total.bad - before.total.bad };
}

function marked(marks: readonly Mark[], mark: Mark, stepMs: number, lengthMs: number): readonly Mark[] {
  const last = marks.at(-1);
  if (last !== undefined && mark.at - last.at < stepMs) return marks;
  // The newest mark that is older than the window is its beginning.
  const oldest = marks.findLastIndex(({ at }) => at <= mark.at - lengthMs);
  return oldest > 0 ? [...marks.slice(oldest), mark] : [...marks, mark];
}
