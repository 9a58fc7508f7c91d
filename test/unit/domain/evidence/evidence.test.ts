import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBucket, logEvidence, noEvidence, type Evidence } from '../../../../src/domain/evidence/evidence.ts';
import { logLikelihoods } from '../../../../src/domain/evidence/log-likelihood.ts';
import { predictiveTail } from '../../../../src/domain/evidence/predictive-tail.ts';
import { bucketOf, type Quadruple } from './samples.ts';

/** Values of an independent implementation (scipy's `nchypergeom_fisher` and `nbinom`); buckets are [n1, b1, n0, b0], E after each. */
const vectors: readonly { name: string; buckets: readonly Quadruple[]; evidence: readonly number[] }[] = [
  { name: 'one error on new', buckets: [[2, 1, 18, 0]], evidence: [4.521515] },
  {
    name: 'canary all bad',
    buckets: [
      [2, 2, 18, 0],
      [2, 2, 18, 0],
      [2, 2, 18, 0],
    ],
    evidence: [38.65708, 2616.874, 206948.5],
  },
  {
    name: 'no errors',
    buckets: [
      [2, 0, 18, 0],
      [3, 0, 17, 0],
    ],
    evidence: [1, 1],
  },
  { name: 'error on old only', buckets: [[2, 0, 18, 1]], evidence: [0.4130809] },
  { name: 'everything bad (dependency down)', buckets: [[2, 2, 18, 18]], evidence: [1] },
  { name: 'clean split at 50/50', buckets: [[10, 10, 10, 0]], evidence: [7639.156] },
  {
    name: 'shared incident',
    buckets: [
      [6, 2, 14, 4],
      [6, 2, 14, 5],
      [6, 1, 14, 4],
      [6, 3, 14, 4],
    ],
    evidence: [0.2041791, 0.0958785, 0.0420908, 0.04571589],
  },
  {
    name: 'challenge at 30 %',
    buckets: [
      [6, 6, 14, 0],
      [6, 6, 14, 0],
    ],
    evidence: [2288.896, 1.325363e7],
  },
  {
    name: 'mixed',
    buckets: [
      [2, 1, 18, 0],
      [2, 0, 18, 0],
      [2, 1, 18, 1],
      [2, 1, 18, 0],
      [2, 2, 18, 0],
    ],
    evidence: [4.521515, 4.521515, 5.504196, 24.79481, 931.0532],
  },
  { name: 'large, 10x', buckets: [[100, 10, 900, 9]], evidence: [822.4872] },
  { name: 'large, clear', buckets: [[100, 10, 900, 1]], evidence: [3914928] },
  {
    name: 'old is worse',
    buckets: [
      [2, 0, 18, 5],
      [2, 0, 18, 6],
    ],
    evidence: [0.1783487, 0.0783052],
  },
  {
    name: 'probes only: an app that fails them',
    buckets: [
      [5, 5, 5, 0],
      [5, 5, 5, 0],
    ],
    evidence: [44.2, 3166],
  },
];

for (const { name, buckets, evidence } of vectors) {
  test(`E after each bucket is ${evidence.join(', ')}: ${name}`, () => {
    let sum: Evidence = noEvidence;
    buckets.forEach((bucket, index) => {
      sum = addBucket(sum, bucketOf(bucket));
      const expected = evidence[index] ?? Number.NaN;
      const digits = name.startsWith('probes') ? 1e-3 : 1e-6;
      assert.ok(Math.abs(Math.exp(logEvidence(sum)) / expected - 1) < digits, `${Math.exp(logEvidence(sum))}`);
    });
  });
}

test('ln P (2 bad of 2 on new, none of 18 on old) is -4.532599493, -3.401197382, -0.035514816 at psi 1.5, 3, 1000', () => {
  const counts = { newUnits: 2, newBad: 2, oldUnits: 18, oldBad: 0 };
  const logs = logLikelihoods(counts, [1.5, 3, 1000].map(Math.log));
  [-4.532599493, -3.401197382, -0.035514816].forEach((expected, index) =>
    assert.ok(Math.abs((logs[index] ?? 0) - expected) < 1e-9, String(logs)),
  );
});

test('the predictive tail has the values of a negative binomial distribution', () => {
  const expected: readonly (readonly [Quadruple, number])[] = [
    [[2, 2, 0, 5000], 5.996002e-8],
    [[3, 3, 5, 5000], 9.615663e-9],
    [[3, 60, 5, 5000], 7.157289e-5],
    [[6, 100, 50, 5000], 7.594699e-4],
    [[12, 100, 250, 5000], 6.044297e-3],
    [[3, 12, 0, 720], 1.385315e-6],
    [[3, 300, 1, 720], 4.910351e-2],
    [[1, 1, 0, 10], 4.653741e-2],
  ];
  for (const [[bad, units, baselineBad, baselineUnits], value] of expected) {
    const tail = predictiveTail({ units, bad }, { units: baselineUnits, bad: baselineBad });
    assert.ok(Math.abs(tail / value - 1) < 1e-6, `${bad} of ${units}: ${tail}`);
  }
  assert.equal(predictiveTail({ units: 10, bad: 0 }, { units: 0, bad: 0 }), 1);
});

test('the evidence stays finite in logs where E itself is no number any more', () => {
  let sum: Evidence = noEvidence;
  for (let i = 0; i < 500; i += 1) sum = addBucket(sum, bucketOf([10, 10, 10, 0]));
  assert.ok(logEvidence(sum) > 4_000 && Number.isFinite(logEvidence(sum)));
});

test('counts beyond the table of factorials follow Stirling: the chances of a bucket still add up to 1', () => {
  let sum = 0;
  for (let newBad = 0; newBad <= 40; newBad += 1) {
    const counts = { newUnits: 5_000, newBad, oldUnits: 9_000, oldBad: 40 - newBad };
    sum += Math.exp(logLikelihoods(counts, [Math.log(3)])[0] ?? 0);
  }
  assert.ok(Math.abs(sum - 1) < 1e-9, String(sum));
});
