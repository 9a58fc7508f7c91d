import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { crosses, newComparison } from '../../../../src/domain/evidence/comparison.ts';
import { addBucket, noEvidence } from '../../../../src/domain/evidence/evidence.ts';
import { emptyPart } from '../../../../src/domain/evidence/part.ts';
import { logMixture, logRelevantMixture, loudestRoute, slotOf } from '../../../../src/domain/evidence/route-mixture.ts';
import { routePattern } from '../../../../src/domain/evidence/route-pattern.ts';
import { bucketOf } from './samples.ts';

test('ids, UUIDs, hashes and numbers in a path become :id; words stay', () => {
  const cases = {
    '/': '/',
    '': '/',
    '/users/42/orders/3f9a1c22b7': '/users/:id/orders/:id',
    '/u/123e4567-e89b-12d3-a456-426614174000': '/u/:id',
    '/posts/my-first-post?page=2#top': '/posts/my-first-post',
    '/facade/decade': '/facade/decade',
    '/v2/api': '/v2/api',
    '/assets/app.3f9a1c22.js': '/assets/app.js',
    '/t/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9': '/t/:id',
    '//a///b/': '/a/b',
  };
  for (const [path, pattern] of Object.entries(cases)) assert.equal(routePattern(path), pattern, path);
});

test('a pattern has at most 120 characters and is its own pattern', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.webFragments(), fc.uuid(), fc.nat().map(String)), { maxLength: 30 }), (parts) => {
      const pattern = routePattern(`/${parts.join('/')}`);
      assert.ok(pattern.length <= 120 && pattern.startsWith('/'));
      assert.equal(routePattern(pattern), pattern);
    }),
    { seed: 5, numRuns: 1_000 },
  );
});

test('19 routes have a slot of their own, everything else shares the last', () => {
  const routes = Array.from({ length: 25 }, (_, index) => `/r${index}`);
  assert.deepEqual(
    [slotOf(routes, '/r0'), slotOf(routes, '/r18'), slotOf(routes, '/r19'), slotOf(routes, '/x')],
    [0, 18, 19, 19],
  );
});

const strong = addBucket(noEvidence, bucketOf([100, 100, 900, 1]));
const withEvidence = { ...emptyPart, evidence: strong };
const quiet = Array.from({ length: 20 }, () => emptyPart);

test('E_total is half of all traffic and half of the mean over 20 routes, unused ones counting 1', () => {
  const one = addBucket(noEvidence, bucketOf([2, 1, 18, 0]));
  const routes = [{ ...emptyPart, evidence: one }, ...quiet.slice(1)];
  const expected = 0.5 * 4.521515 + 0.5 * ((4.521515 + 19) / 20);
  assert.ok(Math.abs(Math.exp(logMixture({ ...emptyPart, evidence: one }, routes)) - expected) < 1e-5);
  assert.equal(logMixture(emptyPart, quiet), 0);
});

test('a route that is broken alone crosses by itself', () => {
  const comparison = { all: emptyPart, routes: [withEvidence, ...quiet.slice(1)] };
  const logEvidence = logMixture(comparison.all, comparison.routes);
  assert.equal(crosses({ ...comparison, logEvidence }, Math.log(1_000), 0.002), true);
  assert.equal(loudestRoute(comparison.all, comparison.routes), 0);
});

test('evidence does not count where the rates differ by less than delta = 0.002, in all traffic and in each route', () => {
  let evidence = noEvidence;
  for (let i = 0; i < 40; i += 1) evidence = addBucket(evidence, bucketOf([10_000, 15, 10_000, 1]));
  const part = { ...emptyPart, evidence };
  const comparison = {
    all: part,
    routes: [part, ...quiet.slice(1)],
    logEvidence: logMixture(part, [part, ...quiet.slice(1)]),
  };
  assert.ok(comparison.logEvidence > 100, 'significant');
  assert.equal(crosses(comparison, Math.log(1_000), 0.002), false, 'not relevant');
  assert.equal(crosses(comparison, Math.log(1_000), 0.001), true);
  assert.ok(logRelevantMixture(part, comparison.routes, 0.002) <= 0);
});

test('no evidence crosses nothing', () => {
  assert.equal(crosses(newComparison, Math.log(20), 0.002), false);
});
