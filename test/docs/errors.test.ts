import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorCatalogue } from '../../src/domain/errors.ts';
import { errorsTable } from './errors-table.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('|'));

test('docs/errors.md lists exactly the errors of the catalogue, with their meaning and what to do next', () => {
  assert.deepEqual(rows, errorsTable().split('\n'), `the table has to be:\n${errorsTable()}`);
});

test('every error says in a sentence what it means and what to do next', () => {
  for (const [code, { meaning, next }] of Object.entries(errorCatalogue)) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.match(meaning, /^\S.*\.$/, code);
    assert.match(next, /^\S.*\.$/, code);
  }
});
