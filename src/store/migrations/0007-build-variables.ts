import { sql, type Kysely } from 'kysely';

/** Variables that builds are given too. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table variable add column build boolean not null default false`.execute(db);
}
