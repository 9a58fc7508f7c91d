import { sql, type Kysely, type Transaction } from 'kysely';
import type { NewTokenRecord, TokenRecord, TokenStore } from '../engine/ports/configuration-store.ts';
import type { Database } from './schema.ts';

export function tokenStore(db: Kysely<Database>): TokenStore {
  return {
    async authenticate(secretHash) {
      const row = await valid(db).where('token.secret_hash', '=', secretHash).executeTakeFirst();
      return row === undefined ? null : { tokenId: row.id, name: row.name, role: row.role, project: row.project };
    },
    create: (token, project) => db.transaction().execute((transaction) => create(transaction, token, project)),
    createFirst: (token, beforeCommit) =>
      db.transaction().execute((transaction) => createFirst(transaction, token, beforeCommit)),
    list: () => valid(db).orderBy('token.id').execute(),
    async revoke(id) {
      const { numUpdatedRows } = await db
        .updateTable('token')
        .set({ revoked_at: sql<string>`now()` })
        .where(sql<string>`id::text`, '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}

async function create(
  transaction: Transaction<Database>,
  token: NewTokenRecord,
  project: string | null,
): Promise<TokenRecord | null> {
  if (project === null) return insert(transaction, token, null);
  const row = await transaction
    .selectFrom('project')
    .select('id')
    .where('name', '=', project)
    .where('deleting', '=', false)
    .forShare()
    .executeTakeFirst();
  return row === undefined ? null : insert(transaction, token, row.id);
}

async function createFirst(
  transaction: Transaction<Database>,
  token: NewTokenRecord,
  beforeCommit: () => Promise<void>,
): Promise<TokenRecord | null> {
  // Two first starts at once: the second waits here, and finds the token of the first.
  await sql`lock table token in share row exclusive mode`.execute(transaction);
  const existing = await valid(transaction)
    .where('token.project_id', 'is', null)
    .where('token.role', 'in', ['owner', 'admin'])
    .executeTakeFirst();
  if (existing !== undefined) return null;
  const record = await insert(transaction, token, null);
  await beforeCommit();
  return record;
}

async function insert(
  transaction: Transaction<Database>,
  { id, name, role, secretHash }: NewTokenRecord,
  projectId: string | null,
): Promise<TokenRecord> {
  await transaction
    .insertInto('token')
    .values({ id, name, role, secret_hash: secretHash, project_id: projectId })
    .execute();
  return valid(transaction).where('token.id', '=', id).executeTakeFirstOrThrow();
}

/** Not revoked, and of no project that is gone: `project_id` is no foreign key, so that is asked here. */
function valid(db: Kysely<Database>) {
  return db
    .selectFrom('token')
    .leftJoin('project', (join) => join.onRef('project.id', '=', 'token.project_id').on('project.deleting', '=', false))
    .select(['token.id', 'token.name', 'token.role', 'project.name as project', 'token.created_at as createdAt'])
    .where('token.revoked_at', 'is', null)
    .where((row) => row.or([row('token.project_id', 'is', null), row('project.id', 'is not', null)]));
}
