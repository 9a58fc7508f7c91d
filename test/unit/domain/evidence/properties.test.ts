import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { addBucket, logEvidence, noEvidence, type Evidence } from '../../../../src/domain/evidence/evidence.ts';
import { closeAll, compare, newComparison, type ComparisonBatch } from '../../../../src/domain/evidence/comparison.ts';
import { logLikelihoods } from '../../../../src/domain/evidence/log-likelihood.ts';
import { bucketOf, seeded } from './samples.ts';

const units = fc.integer({ min: 1, max: 120 });

test('(a) whatever the bucket, the expected factor is exactly 1 at the tolerated odds ratio', () => {
  fc.assert(
    fc.property(units, units, fc.double({ min: 0, max: 1, noNaN: true }), (newUnits, oldUnits, part) => {
      const bad = Math.round(part * (newUnits + oldUnits));
      for (const psi of [3, 10, 40, 1000]) {
        let expected = 0;
        for (let newBad = Math.max(0, bad - oldUnits); newBad <= Math.min(bad, newUnits); newBad += 1) {
          const counts = { newUnits, newBad, oldUnits, oldBad: bad - newBad };
          const [tolerated = 0, alternative = 0] = logLikelihoods(counts, [Math.log(1.5), Math.log(psi)]);
          expected += Math.exp(tolerated) * Math.exp(alternative - tolerated);
        }
        assert.ok(Math.abs(expected - 1) < 1e-9, `${newUnits} ${oldUnits} ${bad} ${psi}: ${expected}`);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('(b) E never rises on a bucket in which only the old version has errors', () => {
  fc.assert(
    fc.property(units, units, units, (newUnits, oldUnits, bad) => {
      const after = addBucket(noEvidence, bucketOf([newUnits, 0, oldUnits, Math.min(bad, oldUnits)]));
      assert.ok(after.logRatios.every((ratio) => ratio <= 1e-12));
    }),
    { seed: 2, numRuns: 1_000 },
  );
});

test('(c) with an odds ratio of at most 1.5, at most 0.1 % of 20,000 runs ever reach E = 1,000, however the base rate moves', () => {
  const runs = 20_000;
  let reached = 0;
  for (let run = 0; run < runs; run += 1) if (everReaches(seeded(run + 1), 1_000)) reached += 1;
  assert.ok(reached <= runs * 0.001, `${reached} of ${runs}`);
});

test('(c) the simulation is able to fail: with an odds ratio of 10 most runs reach it', () => {
  let reached = 0;
  for (let run = 0; run < 100; run += 1) if (everReaches(seeded(run + 1), 1_000, 10)) reached += 1;
  assert.ok(reached > 50, String(reached));
});

/** 60 buckets with 10 to 50 % of the units on the new version, and a base rate that walks between 0.1 and 60 %. */
function everReaches(random: () => number, bound: number, oddsRatio?: number): boolean {
  const psi = oddsRatio ?? (random() < 0.5 ? 1.5 : random() * 1.5);
  const share = 0.1 + 0.4 * random();
  let logOdds = -7 + 6 * random();
  let evidence: Evidence = noEvidence;
  for (let bucket = 0; bucket < 60; bucket += 1) {
    logOdds = Math.min(0.5, Math.max(-7, logOdds + (random() - 0.5) * 2));
    const rates = { old: rate(logOdds), new: rate(logOdds + Math.log(psi)) };
    const counts = { new: { units: 0, bad: 0 }, old: { units: 0, bad: 0 } };
    for (let i = 0; i < 20; i += 1) {
      const version = random() < share ? 'new' : 'old';
      counts[version].units += 1;
      if (random() < rates[version]) counts[version].bad += 1;
    }
    evidence = addBucket(evidence, counts);
    if (logEvidence(evidence) >= Math.log(bound)) return true;
  }
  return false;
}

function rate(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

test('(d) the order of the requests inside a bucket does not matter', () => {
  const request = fc.record({
    version: fc.constantFrom('new' as const, 'old' as const),
    bad: fc.boolean(),
    slot: fc.integer({ min: 0, max: 19 }),
    client: fc.option(fc.integer({ min: 0, max: 6 }), { nil: null }),
  });
  const shuffled = fc
    // Requests without cookies are at most the 8 of a bucket, and so are clients.
    .array(request, { minLength: 2, maxLength: 8 })
    // A client keeps its version, and fails once at most, so that its outcome in the bucket is one.
    .map((list) =>
      list.map((one) =>
        one.client === null ? one : { ...one, version: one.client % 2 === 0 ? ('new' as const) : ('old' as const) },
      ),
    )
    .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      const [first, second] = [list, other].map((requests) =>
        closeAll(compare(newComparison, batchOf(requests), 0), 0),
      );
      assert.equal(first?.logEvidence, second?.logEvidence);
      assert.deepEqual(first?.all.evidence, second?.all.evidence);
    }),
    { seed: 4, numRuns: 1_000 },
  );
});

function batchOf(
  requests: readonly { version: 'new' | 'old'; bad: boolean; slot: number; client: number | null }[],
): ComparisonBatch {
  return {
    counts: [],
    calls: requests.map((one) => ({ ...one, client: one.client === null ? null : `c${one.client}`, at: 0 })),
  };
}

test('(c) whatever ends a bucket: cut where the rule cuts, at most 0.1 % of 5,000 runs of 400 requests ever reach E = 1,000', () => {
  const runs = 5_000;
  let reached = 0;
  for (let run = 0; run < runs; run += 1) if (cutByTheRule(seeded(run + 1), 1.5)) reached += 1;
  assert.ok(reached <= runs * 0.001, `${reached} of ${runs}`);
  let found = 0;
  for (let run = 0; run < 100; run += 1) if (cutByTheRule(seeded(run + 1), 20)) found += 1;
  assert.ok(found > 50, `with an odds ratio of 20 it is found in ${found} of 100`);
});

/** Single requests of both strata, at a share of 10 to 50 %, looked at after every one of them. */
function cutByTheRule(random: () => number, psi: number): boolean {
  const share = 0.1 + 0.4 * random();
  const logOdds = -4 + 4 * random();
  let comparison = newComparison;
  for (let at = 0; at < 400; at += 1) {
    const version = random() < share ? ('new' as const) : ('old' as const);
    const bad = random() < rate(logOdds + (version === 'new' ? Math.log(psi) : 0));
    const client = random() < 0.5 ? null : `c${at}`;
    comparison = compare(comparison, { counts: [], calls: [{ version, client, bad, slot: 19, at }] }, at);
    if (logEvidence(comparison.all.evidence) >= Math.log(1_000)) return true;
  }
  return false;
}
