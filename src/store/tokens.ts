import { sql, type Kysely, type Transaction } from 'kysely';
import type { Actor } from '../domain/roles.ts';
import {
  everywhere,
  type NewTokenRecord,
  type TokenRecord,
  type TokenScope,
  type TokenStore,
} from '../engine/ports/configuration-store.ts';
import { toJson, type Database } from './schema.ts';

export function tokenStore(db: Kysely<Database>): TokenStore {
  return {
    async authenticate(secretHash) {
      const row = await valid(db).where('token.secret_hash', '=', secretHash).executeTakeFirst();
      return row === undefined ? null : actorOf(row);
    },
    create: (token, scope) => db.transaction().execute((transaction) => create(transaction, token, scope)),
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

function actorOf({ id: tokenId, name, role, project, environments }: TokenRecord): Actor {
  return { tokenId, name, role, project, ...(environments === null ? {} : { environments }) };
}

async function create(
  transaction: Transaction<Database>,
  token: NewTokenRecord,
  scope: TokenScope,
): Promise<TokenRecord | null> {
  const { project, environments } = scope;
  if (project === null) return insert(transaction, token, { ...scope, projectId: null });
  const row = await transaction
    .selectFrom('project')
    .select('id')
    .where('name', '=', project)
    .where('deleting', '=', false)
    .forShare()
    .executeTakeFirst();
  if (row === undefined || !(await hasAll(transaction, row.id, environments ?? []))) return null;
  return insert(transaction, token, { ...scope, projectId: row.id });
}

async function hasAll(
  transaction: Transaction<Database>,
  projectId: string,
  environments: readonly string[],
): Promise<boolean> {
  const rows = await transaction
    .selectFrom('environment')
    .select('name')
    .where('project_id', '=', projectId)
    .where('deleting', '=', false)
    .execute();
  const names = new Set(rows.map(({ name }) => name));
  return environments.every((name) => names.has(name));
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
  const record = await insert(transaction, token, { ...everywhere, projectId: null });
  await beforeCommit();
  return record;
}

async function insert(
  transaction: Transaction<Database>,
  { id, name, role, secretHash }: NewTokenRecord,
  { projectId, environments, expiresInMs }: Omit<TokenScope, 'project'> & { readonly projectId: string | null },
): Promise<TokenRecord> {
  await transaction
    .insertInto('token')
    .values({
      id,
      name,
      role,
      secret_hash: secretHash,
      project_id: projectId,
      environments: environments === null ? null : toJson(environments),
      expires_at: expiresInMs === null ? null : sql<string>`now() + ${expiresInMs} * interval '1 millisecond'`,
    })
    .execute();
  return valid(transaction).where('token.id', '=', id).executeTakeFirstOrThrow();
}

/** Not revoked, not expired, and of no project that is gone: `project_id` is no foreign key, so that is asked here. */
function valid(db: Kysely<Database>) {
  return db
    .selectFrom('token')
    .leftJoin('project', (join) => join.onRef('project.id', '=', 'token.project_id').on('project.deleting', '=', false))
    .select(['token.id', 'token.name', 'token.role', 'project.name as project', 'token.environments'])
    .select(['token.created_at as createdAt', 'token.expires_at as expiresAt'])
    .where('token.revoked_at', 'is', null)
    .where((row) => row.or([row('token.expires_at', 'is', null), row('token.expires_at', '>', sql<string>`now()`)]))
    .where((row) => row.or([row('token.project_id', 'is', null), row('project.id', 'is not', null)]));
}
