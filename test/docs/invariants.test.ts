import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultTolerances, violationCodes } from '../../src/domain/invariants.ts';
import { violationCatalogue } from '../../src/domain/violation-catalogue.ts';
import { currentMetrics } from '../../src/daemon/metrics.ts';
import { sound } from '../unit/invariants/sound-platform.ts';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

test('docs/operations.md lists every invariant with its code and what to do next', () => {
  const rows = violationCodes.map((code) => {
    const { rule, next } = violationCatalogue[code];
    return `| \`${code}\` | ${rule} | ${next} |`;
  });
  const found = page.split('\n').filter((line) => violationCodes.some((code) => line.startsWith(`| \`${code}\``)));
  assert.deepEqual(found, rows, `the rows have to be:\n${rows.join('\n')}`);
});

test('docs/operations.md lists every metric, and how long what belongs to nothing may stay', () => {
  const metrics = currentMetrics({ looks: 1, ageMs: 1, told: [], snapshot: sound });
  for (const { name } of metrics) assert.ok(page.includes(`| \`${name}`), `${name} is not in docs/operations.md`);
  assert.ok(page.includes(`${defaultTolerances.orphanMs / 1000} s`));
});
