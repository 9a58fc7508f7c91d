import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from 'kysely';
import { Question } from '../../src/store/question.ts';
import { startTestPostgres } from '../harness/postgres.ts';

const postgres = await startTestPostgres();
const database = await postgres.open({ poolSize: 1 });
after(async () => {
  await database[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});
const { db } = database;

test('a question is built once and asked about whatever it is asked about', async () => {
  let built = 0;
  const question = new Question((of, a = '', b = '') => {
    built += 1;
    return of.selectNoFrom([sql<string>`${a}::text`.as('first'), sql<string>`${b}::text`.as('second')]);
  });
  assert.deepEqual(await question.ask(db, 'one', 'two'), [{ first: 'one', second: 'two' }]);
  assert.deepEqual(await question.ask(db, 'three', 'four'), [{ first: 'three', second: 'four' }]);
  assert.equal(built, 1);
});

test('what would be asked about something else the next time is refused', async () => {
  const twice = new Question((of, a = '') => of.selectNoFrom([sql`${a}::text || ${a}::text`.as('both')]));
  await assert.rejects(twice.ask(db, 'x'), /something else/);
  const fixed = new Question((of, a = '') => of.selectNoFrom([sql`${a}::text || ${'y'}::text`.as('both')]));
  await assert.rejects(fixed.ask(db, 'x'), /something else/);
});
