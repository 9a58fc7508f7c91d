import type { Tallies } from '../../../../src/domain/evidence/tally.ts';

/** [n1, b1, n0, b0]: units and bad units on the new version, then on the old. */
export type Quadruple = readonly [number, number, number, number];

export function bucketOf([newUnits, newBad, oldUnits, oldBad]: Quadruple): Tallies {
  return { new: { units: newUnits, bad: newBad }, old: { units: oldUnits, bad: oldBad } };
}

/** Seeded numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
