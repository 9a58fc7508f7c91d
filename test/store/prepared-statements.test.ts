import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from 'kysely';
import { PreparedStatements } from '../../src/store/prepared-statements.ts';
import { startTestPostgres } from '../harness/postgres.ts';

const postgres = await startTestPostgres();
after(() => postgres[Symbol.asyncDispose]());

test('a statement that is asked often enough has a name, which stays; one that is not has none', () => {
  const statements = new PreparedStatements();
  const names = Array.from({ length: 7 }, () => statements.nameFor('select 1 where $1'));
  assert.deepEqual(names.slice(0, 4), [null, null, null, null]);
  assert.match(names[4] ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(new Set(names.slice(4)).size, 1);
  assert.equal(statements.nameFor('select 2 where $1'), null);
});

test('there is an end to the names, so that no session keeps plans without an end', () => {
  const statements = new PreparedStatements();
  const often = (text: string) => Array.from({ length: 10 }, () => statements.nameFor(text)).at(-1);
  const named = Array.from({ length: 200 }, (_, index) => often(`select ${index} where $1`)).filter(Boolean);
  assert.equal(named.length, 48);
});

test('a table that changed under a prepared statement costs one answer, and no more', async () => {
  await using database = await postgres.open({ poolSize: 1 });
  const { db } = database;
  await sql`create table grows (a int)`.execute(db);
  const read = () => sql`select * from grows where a is distinct from ${1}::int`.execute(db);
  for (let count = 0; count < 10; count += 1) await read();
  await sql`alter table grows add column b int`.execute(db);
  await assert.rejects(read(), { code: 'database_unavailable' });
  assert.deepEqual((await read()).rows, []);
});
