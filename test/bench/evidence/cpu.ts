import { addBucket, noEvidence } from '../../../src/domain/evidence/evidence.ts';

type Quadruple = readonly [newUnits: number, newBad: number, oldUnits: number, oldBad: number];

export const largestBucket: Quadruple = [100, 100, 900, 1];
export const quietBucket: Quadruple = [100, 0, 900, 0];

/** Microseconds to take one bucket into the evidence; the best of five rounds. */
export function microsecondsPerBucket([newUnits, newBad, oldUnits, oldBad]: Quadruple, rounds = 20_000): number {
  const bucket = { new: { units: newUnits, bad: newBad }, old: { units: oldUnits, bad: oldBad } };
  let best = Infinity;
  for (let round = 0; round < 5; round += 1) {
    let evidence = noEvidence;
    const began = performance.now();
    for (let i = 0; i < rounds; i += 1) evidence = addBucket(evidence, bucket);
    best = Math.min(best, ((performance.now() - began) * 1_000) / rounds);
    if (!Number.isFinite(evidence.logRatios[0])) throw new Error('the evidence is no number');
  }
  return best;
}
