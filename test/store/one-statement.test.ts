import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from 'kysely';
import { changeAndCommit, changeTogether } from '../../src/store/one-statement.ts';
import { startTestPostgres } from '../harness/postgres.ts';

const postgres = await startTestPostgres();
const database = await postgres.open({ poolSize: 2 });
after(async () => {
  await database[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});
const { db } = database;
await sql`create table one (a int primary key)`.execute(db);
const rows = async () => (await sql<{ a: number }>`select a from one order by a`.execute(db)).rows.map(({ a }) => a);
const insert = (a: number) => sql`insert into one values (${a})`;

test('several changes are made by one statement', async () => {
  await changeTogether(db, [insert(1), insert(2)]);
  assert.deepEqual(await rows(), [1, 2]);
});

test('what is wrong with the last statement of a transaction is told by its end, and nothing of it remains', async () => {
  const failing = db.transaction().execute(async (tx) => {
    await insert(3).execute(tx);
    await changeAndCommit(tx, [insert(4), insert(1)], sql`select`);
  });
  await assert.rejects(failing, { code: '23505' });
  assert.deepEqual(await rows(), [1, 2]);
  await db.transaction().execute((tx) => changeAndCommit(tx, [insert(5)], sql`select`));
  assert.deepEqual(await rows(), [1, 2, 5]);
});

test('a transaction whose work fails after a statement that nobody waited for is rolled back', async () => {
  const failing = db.transaction().execute(async (tx) => {
    await changeAndCommit(tx, [insert(6)], sql`select`);
    throw new Error('no');
  });
  await assert.rejects(failing, { message: 'no' });
  assert.deepEqual(await rows(), [1, 2, 5]);
});
