import { sql, type Compilable, type Kysely, type RawBuilder } from 'kysely';
import { unread } from './database-guard.ts';
import type { Database } from './schema.ts';

/** A statement that changes rows. */
export type Change = Pick<Compilable, 'compile'> | RawBuilder<unknown>;

/**
 * Several changes on one way to the database and back. None sees what another one changes, and they happen in no order: no two may touch
 * the same row.
 */
export async function changeTogether(db: Kysely<Database>, changes: readonly Change[]): Promise<void> {
  await together(changes, sql`select`).execute(db);
}

/**
 * The same in a transaction, without a wait: what is wrong with it is told by what comes after it, or by the commit. Outside of a transaction
 * nobody would hear of it.
 */
export async function sendTogether(tx: Kysely<Database>, changes: readonly Change[]): Promise<void> {
  await sql`${sql.raw(unread)} ${together(changes, sql`select`)}`.execute(tx);
}

/** The same, and `last`, as the end of a transaction: what is wrong with it is told by the commit. */
export async function changeAndCommit(
  tx: Kysely<Database>,
  changes: readonly Change[],
  last: RawBuilder<unknown>,
): Promise<void> {
  await sql`${sql.raw(unread)} ${together(changes, last)}`.execute(tx);
}

function together(changes: readonly Change[], last: RawBuilder<unknown>): RawBuilder<unknown> {
  const parts = changes.map((change, index) => sql`${sql.raw(`change_${index}`)} as (${change})`);
  return sql`${parts.length === 0 ? sql`` : sql`with ${sql.join(parts)} `}${last}`;
}
