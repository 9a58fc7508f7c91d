import { sql, type Kysely } from 'kysely';

/** Since when what an environment's route names is asleep, and how often it did not come up when it was to wake. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // wakes_failed: since it last served. wake_failed_at: the last of them.
  `alter table route
    add column asleep_since timestamptz,
    add column wakes_failed integer not null default 0,
    add column wake_failed_at timestamptz`,
];
