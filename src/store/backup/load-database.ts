import { sql, type ControlledTransaction, type Kysely, type Transaction } from 'kysely';
import { CutoverError } from '../../domain/errors.ts';
import { migrateAsFarAs } from '../migrate.ts';
import type { Database } from '../schema.ts';
import { readTables, type SequenceState, type TableLayout } from './table-layout.ts';

/** All of it or nothing: until `finish` the database is empty for everybody else, and it stays so where that is not reached. */
export interface DatabaseLoad extends AsyncDisposable {
  /** Whether a table of that name is to be filled. */
  has(table: string): boolean;
  /** Lines as a dump wrote them, with the columns they have. Resolves to the number of rows. */
  load(table: string, columns: readonly string[], lines: AsyncIterable<string>): Promise<number>;
  finish(sequences: readonly SequenceState[]): Promise<void>;
}

const bytesAtOnce = 2 * 1024 * 1024;

/** Whether nothing is where the tables would be. */
export async function isEmptyDatabase(db: Kysely<Database>): Promise<boolean> {
  return (await readTables(db)).length === 0;
}

/** Of the slots of the router that are in use; 0 where none is. */
export async function highestSlot(db: Kysely<Database>): Promise<number> {
  const { highest } = await db
    .selectFrom('slot')
    .select(({ fn }) => fn.max('number').as('highest'))
    .executeTakeFirstOrThrow();
  return highest ?? 0;
}

/** Makes the schema as it was after these migrations, to be filled. Errors: `restore_not_empty`, `database_unavailable`. */
export async function loadDatabase(db: Kysely<Database>, migrations: readonly string[]): Promise<DatabaseLoad> {
  const transaction = await db.startTransaction().execute();
  try {
    if (!(await isEmptyDatabase(transaction)))
      throw new CutoverError('restore_not_empty', 'the database holds tables already');
    await migrateAsFarAs(transaction, migrations);
    const tables = await readTables(transaction);
    const constraints = await dropForeignKeys(transaction);
    // What migrations themselves have written is in the backup too.
    await sql`truncate ${sql.join(tables.map(({ name }) => sql.table(name)))}`.execute(transaction);
    return {
      has: (table) => tables.some(({ name }) => name === table),
      load: (table, columns, lines) => loadRows(transaction, layoutOf(tables, table, columns), lines),
      finish: async (sequences) => {
        for (const sequence of sequences) await setSequence(transaction, sequence);
        for (const constraint of constraints) await sql.raw(constraint).execute(transaction);
        await transaction.commit().execute();
      },
      [Symbol.asyncDispose]: () => end(transaction),
    };
  } catch (error) {
    await end(transaction);
    throw error;
  }
}

/** Columns of the backup, in its order, with the types they have here. */
function layoutOf(tables: readonly TableLayout[], name: string, columns: readonly string[]): TableLayout {
  const table = tables.find((known) => known.name === name);
  return {
    name,
    columns: columns.map((column) => {
      const found = table?.columns.find((known) => known.name === column);
      if (found === undefined)
        throw new CutoverError('backup_invalid', `the schema of the backup has no ${name}.${column}`);
      return found;
    }),
  };
}

async function loadRows(
  transaction: Transaction<Database>,
  { name, columns }: TableLayout,
  lines: AsyncIterable<string>,
): Promise<number> {
  const names = sql.join(columns.map((column) => sql.ref(column.name)));
  // The types are the database's own words, not the backup's.
  const values = sql.join(columns.map((column, index) => sql`(r ->> ${sql.lit(index)})::${sql.raw(column.type)}`));
  const insert = async (batch: readonly string[]) => {
    await sql`insert into ${sql.table(name)} (${names}) overriding system value
      select ${values} from json_array_elements(${`[${batch.join(',')}]`}::json) as r`.execute(transaction);
  };
  let count = 0;
  let [batch, bytes]: [string[], number] = [[], 0];
  for await (const line of lines) {
    batch.push(line);
    bytes += line.length;
    count += 1;
    if (bytes < bytesAtOnce) continue;
    await insert(batch);
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) await insert(batch);
  return count;
}

async function setSequence(transaction: Transaction<Database>, { name, lastValue }: SequenceState): Promise<void> {
  if (lastValue === null) return;
  await sql`select setval(format('%I', ${name}::text)::regclass, ${lastValue}::bigint)`.execute(transaction);
}

/** So that tables can be filled in any order. Resolves to the statements that make them again, which check every row. */
async function dropForeignKeys(transaction: Transaction<Database>): Promise<readonly string[]> {
  const { rows } = await sql<{ drop: string; add: string }>`
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
      format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as add
    from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace`.execute(transaction);
  for (const { drop } of rows) await sql.raw(drop).execute(transaction);
  return rows.map(({ add }) => add);
}

async function end(transaction: ControlledTransaction<Database>): Promise<void> {
  if (!transaction.isCommitted && !transaction.isRolledBack) await transaction.rollback().execute();
}
