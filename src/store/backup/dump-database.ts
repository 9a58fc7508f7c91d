import { sql, type ControlledTransaction, type Kysely } from 'kysely';
import { CutoverError } from '../../domain/errors.ts';
import type { Database } from '../schema.ts';
import { readArtifactUses, type ArtifactUse } from './artifact-uses.ts';
import { readSequences, readTables, type SequenceState, type TableLayout } from './table-layout.ts';

/** Everything in the database as it was at one moment, for as long as this is open. */
export interface DatabaseDump extends AsyncDisposable {
  readonly tables: readonly TableLayout[];
  /** Names, in the order they were applied. */
  readonly migrations: readonly string[];
  readonly artifactUses: readonly ArtifactUse[];
  /**
   * One line of JSON per row: an array with every column in the text form that PostgreSQL itself reads again, or null. So nothing is lost,
   * whatever the type.
   */
  rows(table: TableLayout): AsyncIterable<Buffer>;
  sequences(): Promise<readonly SequenceState[]>;
}

const rowsAtOnce = 500;

/** Errors: `database_unavailable`; `not_found` where no platform has ever been. */
export async function dumpDatabase(db: Kysely<Database>): Promise<DatabaseDump> {
  const snapshot = await db
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute();
  try {
    // The text form of times and intervals must not depend on how this server is set up.
    await sql`set local datestyle = 'ISO, YMD'`.execute(snapshot);
    await sql`set local timezone = 'UTC'`.execute(snapshot);
    await sql`set local intervalstyle = 'iso_8601'`.execute(snapshot);
    const tables = await readTables(snapshot);
    if (!tables.some(({ name }) => name === 'migration'))
      throw new CutoverError('not_found', 'the database holds no platform');
    return {
      tables,
      migrations: await readMigrations(snapshot),
      artifactUses: await readArtifactUses(snapshot),
      rows: (table) => readRows(snapshot, table),
      sequences: () => readSequences(snapshot),
      [Symbol.asyncDispose]: () => end(snapshot),
    };
  } catch (error) {
    await end(snapshot);
    throw error;
  }
}

async function readMigrations(db: Kysely<Database>): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

async function* readRows(
  snapshot: Kysely<Database>,
  { name, columns }: TableLayout,
): AsyncGenerator<Buffer, void, undefined> {
  const texts = sql.join(columns.map((column) => sql`${sql.ref(column.name)}::text`));
  await sql`declare backup_rows no scroll cursor for
    select array_to_json(array[${texts}]::text[])::text as line from ${sql.table(name)}`.execute(snapshot);
  for (;;) {
    const { rows } = await sql<{ line: string }>`fetch forward ${sql.lit(rowsAtOnce)} from backup_rows`.execute(
      snapshot,
    );
    if (rows.length === 0) break;
    yield Buffer.from(rows.map(({ line }) => `${line}\n`).join(''));
  }
  await sql`close backup_rows`.execute(snapshot);
}

/** Nothing was written; a connection that is gone has ended it already. */
async function end(snapshot: ControlledTransaction<Database>): Promise<void> {
  if (!snapshot.isCommitted && !snapshot.isRolledBack) await snapshot.rollback().execute();
}
