import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateDatabaseError } from '../../src/store/database-errors.ts';

function withCode(code: string): Error {
  return Object.assign(new Error(`about ${code}`), { code });
}

test('whatever the system says of the way to PostgreSQL means that it does not answer', () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EAGAIN', 'EAI_AGAIN', 'EMFILE', 'EPIPE'])
    assert.equal(codeOf(translateDatabaseError(withCode(code))), 'database_unavailable', code);
});

test('what PostgreSQL says of a statement stays as it is, and so does a mistake of ours', () => {
  for (const code of ['23505', '42P01', 'XX000', 'ERR_INVALID_ARG_TYPE'])
    assert.equal(codeOf(translateDatabaseError(withCode(code))), code);
});

test('a PostgreSQL that starts, stops or has too many sessions does not answer; one without room says so', () => {
  for (const code of ['57P03', '57P01', '53300', '08006'])
    assert.equal(codeOf(translateDatabaseError(withCode(code))), 'database_unavailable', code);
  assert.equal(codeOf(translateDatabaseError(withCode('53100'))), 'disk_full');
});

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
