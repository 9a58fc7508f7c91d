import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.ts';

export interface Column {
  readonly name: string;
  /** As PostgreSQL writes it: `timestamp with time zone`. */
  readonly type: string;
}

export interface TableLayout {
  readonly name: string;
  /** Those that are stored; what is computed from others is left out. */
  readonly columns: readonly Column[];
}

/** Every table there is where ours are: asked of the database, so that a new one cannot be forgotten. By name. */
export async function readTables(db: Kysely<Database>): Promise<readonly TableLayout[]> {
  const { rows } = await sql<{ name: string; columns: readonly Column[] }>`
    select c.relname as name, json_agg(
      json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum
    ) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname order by c.relname`.execute(db);
  return rows;
}

export interface SequenceState {
  readonly name: string;
  /** As text: it may be longer than a number can say. null: it was never used. */
  readonly lastValue: string | null;
}

/** Where numbering goes on. A sequence is not part of any snapshot: read it after the rows. */
export async function readSequences(db: Kysely<Database>): Promise<readonly SequenceState[]> {
  const { rows } = await sql<SequenceState>`
    select sequencename as name, last_value::text as "lastValue"
    from pg_sequences where schemaname = current_schema() order by sequencename`.execute(db);
  return rows;
}
