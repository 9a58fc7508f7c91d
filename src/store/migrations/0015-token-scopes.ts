import { sql, type Kysely } from 'kysely';

/** Tokens for some environments of a project only, and for some time. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table token add column environments jsonb, add column expires_at timestamptz`.execute(db);
}
